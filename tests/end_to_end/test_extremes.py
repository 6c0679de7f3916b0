"""Numbers up to the ends of their types, in every engine: `run` ends with a file that `verify` accepts, or names the tensor; `plan` with a
target ends with a plan or a message."""

import concurrent.futures
import itertools
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, DONE, USAGE

PATH = "/layer/weight"
SHAPE = (16, 24)
TYPES = ("f2", "f4", "f8")
ROWS = ("--granularity", "per_grouped_channel", "--axis", "0", "--group-size")
SETTINGS = (
    ("--engine", "fast", "--n-bits", "4", "--certify", "1e9"),
    ("--engine", "exact", "--n-bits", "3", "--per-channel-scale", "--lut-dtype", "int8", "--lut-qscheme", "asymmetric", *ROWS, "2"),
    ("--engine", "reference", "--n-bits", "2", *ROWS, "4"),
    ("--engine", "reference", "--n-bits", "6", "--per-channel-scale", "--lut-dtype", "float8_e5m2", "--lut-scale-dtype",
     "float8_e8m0fnu", "--certify", "1e9", *ROWS, "1"),
    ("--engine", "fast", "--n-bits", "4", "--cluster-dim", "2", "--lut-dtype", "uint8", *ROWS, "8"))
TARGETS = (("--target-bpw", "3.5"), ("--target-bpw", "90", "--objective", "absolute"), ("--target-size", "20KB"),
           ("--target-size", "1MiB", "--objective", "absolute"), ("--min-sqnr-db", "30"))


def spread(rng, low, high):
    """Magnitudes between two powers of ten, with both signs."""
    return 10.0 ** rng.uniform(low, high, SHAPE) * rng.choice([-1, 1], SHAPE)


def channels(values, factors):
    """Rows at the factors, over and over."""
    return values * np.resize(factors, len(values))[:, None]


def outliers(rng, *values):
    result = rng.standard_normal(SHAPE)
    result.flat[rng.choice(result.size, len(values), replace=False)] = values
    return result


# Each takes a random generator, and the type's largest, smallest normal and smallest number.
EXTREMES = {
    "the whole type": lambda rng, most, least, tiny: rng.uniform(-1, 1, SHAPE) * most,
    "ends and zero": lambda rng, most, least, tiny: rng.choice([most, -most, most / 2, 0], SHAPE),
    "one outlier": lambda rng, most, least, tiny: outliers(rng, most),
    "two outliers": lambda rng, most, least, tiny: outliers(rng, min(1e20, most), -min(1e20, most)),
    "ends among ones": lambda rng, most, least, tiny: outliers(rng, most, -most, most / 4),
    "denormals": lambda rng, most, least, tiny: rng.integers(-9, 9, SHAPE) * tiny,
    "normals and denormals": lambda rng, most, least, tiny: rng.uniform(-4, 4, SHAPE) * least,
    "all magnitudes": lambda rng, most, least, tiny: spread(rng, np.log10(least), np.log10(most)),
    "dead channels": lambda rng, most, least, tiny: channels(rng.standard_normal(SHAPE), [1, 0, 1, 0, 0, 0]),
    "fading channels": lambda rng, most, least, tiny: channels(rng.standard_normal(SHAPE), least ** np.array([0.01, 0.5, 1, 1.04])),
    "channels to the end": lambda rng, most, least, tiny: channels(rng.uniform(-1, 1, SHAPE), [most, 1, tiny, 0]),
    "five values": lambda rng, most, least, tiny: rng.choice([most, -most, 1e5 % most, -1e4, 1], SHAPE),
    "two values": lambda rng, most, least, tiny: rng.choice([most, tiny], SHAPE),
    "one value": lambda rng, most, least, tiny: np.full(SHAPE, -most),
    "zeros": lambda rng, most, least, tiny: rng.choice([0.0, -0.0], SHAPE),
    "last bits": lambda rng, most, least, tiny: 1 + rng.integers(0, 6, SHAPE) * (least / tiny) ** -1.0,
    "last bits at the end": lambda rng, most, least, tiny: most * (1 - rng.integers(0, 6, SHAPE) * (least / tiny) ** -1.0),
    "one number in zeros": lambda rng, most, least, tiny: np.where(np.arange(384).reshape(SHAPE) == 77, tiny, 0),
    "around float16's end": lambda rng, most, least, tiny: rng.choice([65504, 65504 * (1 + 1e-5), -65505, 3e4, 1], SHAPE),
    "squares out of range": lambda rng, most, least, tiny: rng.choice([1e-163, 2e-163, 1, 2, most ** 0.51], SHAPE)}

SENSITIVITIES = (
    None,
    lambda rng: rng.choice([0.0, 1.0], SHAPE),
    lambda rng: np.where(np.arange(384).reshape(SHAPE) == 0, 1e20, 1.0),
    lambda rng: 10.0 ** rng.uniform(-307, 308, SHAPE),
    lambda rng: np.zeros(SHAPE),
    lambda rng: rng.integers(0, 3, SHAPE) * 5e-324,
    lambda rng: channels(rng.random(SHAPE) * 1.7e308, [0, 1, 1e-300]))


class Extremes(support.Case):
    def file(self, name, values):
        path = self.path(name)
        with h5py.File(path, "w") as file:
            file[PATH] = values
        return path

    def cases(self):
        """(name, options) of each extreme and setting; the files are written."""
        sensitivities = itertools.cycle(SENSITIVITIES)
        for number, (kind, dtype) in enumerate(itertools.product(EXTREMES, TYPES)):
            if support.built_with_sanitizer() and number % 6 > 0:
                continue
            rng, info = support.rng(number), np.finfo(dtype)
            with np.errstate(all="ignore"):
                values = EXTREMES[kind](rng, float(info.max), float(info.tiny), float(info.smallest_subnormal))
                values = np.clip(values, -float(info.max), float(info.max)).astype(dtype)
            path = self.file(f"{number}.h5", values)
            for setting in SETTINGS:
                own = next(sensitivities)
                name = f"{number}-{SETTINGS.index(setting)}"
                options = setting if own is None else (*setting, "--sensitivity", self.file(f"{name}-s.h5", own(rng)))
                yield f"{kind} {dtype}: {options}", name, path, options

    def test_every_extreme_ends_well(self):
        def run(case):
            label, name, path, options = case
            result = self.call("run", path, self.path(f"{name}-out.h5"), *options)
            if result.returncode == DONE:
                checked = self.call("verify", path, self.path(f"{name}-out.h5"))
                return label, DONE if checked.returncode == DONE else None, result, checked
            named = result.returncode == CHECK_FAILED and f"{PATH}: " in result.stderr
            return label, CHECK_FAILED if named else None, result, result

        done = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for label, outcome, result, checked in pool.map(run, self.cases()):
                self.assertIsNotNone(outcome, f"{label}\n{result.returncode} {result.stderr}\n{checked.stdout}{checked.stderr}")
                done += outcome == DONE
        self.assertGreater(done, 30 if support.built_with_sanitizer() else 200)

    def test_every_extreme_has_a_plan_or_a_message(self):
        def plan(case):
            number, (label, _, path, options) = case
            at = options.index("--certify") if "--certify" in options else len(options)
            target = TARGETS[number % len(TARGETS)]
            return (label, target), self.call("plan", path, *options[:at], *options[at + 2:], *target, "--quiet")

        planned = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for label, result in pool.map(plan, enumerate(self.cases())):
                self.assertIn(result.returncode, (DONE, USAGE), f"{label}\n{result.stderr}")
                self.assertTrue(result.returncode == DONE or "error: " in result.stderr, label)
                planned += result.returncode == DONE
        self.assertGreater(planned, 20 if support.built_with_sanitizer() else 100)

    def decoded(self, values, *options):
        """The weights after run and restore."""
        path = self.file(f"{len(list(self.folder.iterdir()))}.h5", values)
        _, restored = self.dense_again(path, *options)
        with h5py.File(restored) as file:
            return file[PATH][()]

    def test_reference_takes_the_optimum_where_its_sums_lose_weights(self):
        few = np.array([[1e38, -1e38, 1e5, -1e5, 1]], "f4")
        error = np.abs(self.decoded(few, "--n-bits", "2", "--engine", "reference").astype("f8") - few)
        self.assertEqual(np.count_nonzero(error), 2)
        self.assertLess(error.max(), 5.1e4)
        values = support.rng(0).standard_normal((64, 64)).astype("f4")
        values[0, 0], values[1, 1] = 1e20, -1e20
        decoded = self.decoded(values, "--n-bits", "4", "--engine", "reference")
        exact = self.decoded(values, "--n-bits", "4", "--engine", "exact")
        self.assertTrue(np.array_equal(decoded, exact))
        most = 1.797e308
        ends = support.rng(0).choice([most, -most, most / 2, 0.0], (3, 257))
        self.assertTrue(np.array_equal(self.decoded(ends, "--n-bits", "2", "--engine", "reference", "--certify", "1e9"), ends))
        self.assertTrue(np.isfinite(self.decoded(ends, "--n-bits", "1", "--engine", "reference")).all())
        whole = support.rng(0).uniform(-1, 1, (16, 16)) * np.finfo("f8").max
        self.assertLess(np.abs(self.decoded(whole, "--n-bits", "1", "--engine", "reference") / most - whole / most).max(), 0.7)

    def test_weights_of_sensitivity_0_pull_no_centroid(self):
        values = np.array([[0, 1, 2, 3]], "f4")
        sensitivities = self.file("s.h5", np.array([[1, 0, 0, 1.0]]))
        for engine in ("fast", "exact", "reference"):
            decoded = self.decoded(values, "--n-bits", "1", "--engine", engine, "--sensitivity", sensitivities)
            self.assertEqual(decoded.tolist(), [[0, 0, 3, 3]], engine)

    def test_one_large_sensitivity(self):
        sensitivities = self.file("s.h5", np.where(np.arange(256) == 0, 1e20, 1.0).reshape(16, 16))
        for seed in range(4 if support.built_with_sanitizer() else 20):
            values = support.rng(seed).standard_normal((16, 16)).astype("f4")
            decoded = self.decoded(values, "--n-bits", "2", "--engine", "reference", "--sensitivity", sensitivities, *ROWS, "4")
            self.assertLess(abs(decoded[0, 0] - values[0, 0]), 2e-3)  # float16 of fast k-means mode
            self.assertLess(np.square(decoded - values)[4:].mean(), 0.3)

    def test_weights_and_sensitivities_of_all_magnitudes(self):
        sensitivities = self.path("s.h5")
        for engine in ("fast", "exact", "reference"):
            path = self.path(f"{engine}.h5")
            with h5py.File(path, "w") as file, h5py.File(sensitivities, "w") as weights:
                for seed in range(100):
                    rng = support.rng(seed)
                    file[f"{seed}/weight"] = (10.0 ** rng.uniform(-156, 0, 17) * rng.choice([-1, 1], 17))[None]
                    weights[f"{seed}/weight"] = 10.0 ** rng.uniform(-35, 37, (1, 17))
            self.dense_again(path, "--n-bits", "3", "--per-channel-scale", "--engine", engine, "--sensitivity", sensitivities)

    def test_a_plan_for_groups_whose_errors_are_nothing(self):
        for rows in (np.array([[1e-163, 2e-163, 3e-163, 1e-163], [1, 2, 3, 4]]),
                     channels(support.rng(1).standard_normal((2, 9000)), [1e-163, 1])):
            path = self.file("in.h5", rows)
            self.program("plan", path, *ROWS, "1", "--per-channel-scale", "--target-bpw", "90")

    def test_few_values_over_many_magnitudes_are_certified(self):
        values = [340, 11.6, .50775301, .063168339, .0023000003, 3.6000001e-6, 5.8135214e-7, 2.0000002e-9, 5.3385213e-10,
                  1.3127458e-6, 1.0316801e-10, 2.3845328e-10, 7.7914392e-10, 9.8880004e-10, 3.1067642e-11, 1.3642075e-11,
                  4.2330001e-10, 1.6702625e-10]
        path = self.file("in.h5", np.array([values], "f4"))
        for engine in ("fast", "exact"):
            report = self.report(path, self.path("out.h5"), "--n-bits", "4", "--engine", engine, "--certify", "1e-6")
            self.assertLessEqual(report["tensors"][0]["optimality_gap"], 1e-6)


if __name__ == "__main__":
    unittest.main()
