"""run --certify: the proven optimality gap of every scalar palette, in the report; a proof that fails is an error."""

import json
import pathlib
import sys
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, DONE, USAGE

TOLERANCE = 1e-3
ROWS = ("--granularity", "per_grouped_channel", "--group-size", "1")
SETTINGS = (("--n-bits", "4"), ("--n-bits", "8"), ("--n-bits", "4", *ROWS), ("--n-bits", "8", *ROWS),
            ("--n-bits", "4", "--granularity", "per_grouped_channel", "--group-size", "16", "--partial-groups", "allow"),
            ("--n-bits", "4", "--axis", "1", *ROWS))


def gaps(report):
    return {tensor["path"]: tensor["optimality_gap"] for tensor in report["tensors"]}


def least_cost(values, k):
    """The optimum of k clusters of one-dimensional values, by dynamic programming."""
    values = np.sort(values.astype(np.float64))
    count = np.arange(len(values) + 1)
    sums = np.concatenate([[0], np.cumsum(values)])
    squares = np.concatenate([[0], np.cumsum(values ** 2)])
    best = np.full(len(values) + 1, np.inf)
    best[0] = 0
    for _ in range(k):
        best = np.array([0.0] + [
            np.min(best[:j] + squares[j] - squares[:j] - (sums[j] - sums[:j]) ** 2 / (j - count[:j]))
            for j in range(1, len(values) + 1)])
    return best[-1]


class Certify(support.Case):
    def example(self, shape=(64, 300)):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for seed, dtype in enumerate(("float16", "bfloat16", "float32", "float64")):
                values = support.rng(seed).standard_normal(shape) * 0.02
                support.write_weights(file.create_group(dtype), "weight", values, dtype)
            file["sparse/weight"] = np.where(support.rng(5).random(shape) < 0.9, 0, values).astype("f4")
            file["grid/weight"] = np.round(values * 500).astype("f4") / 500
            file["sparse/bias"] = np.ones(3, "f4")
        return path

    def test_every_scalar_palette_is_certified(self):
        path = self.example()
        for engine in ("fast", "exact"):
            for setting in (*SETTINGS, ("--per-channel-scale", "--lut-dtype", "int8")):
                with self.subTest(engine=engine, setting=setting):
                    report = self.report(path, self.path("out.h5"), *setting, "--engine", engine, "--certify",
                                         str(TOLERANCE))
                    for tensor in report["tensors"]:
                        if tensor["action"] == "dense":
                            self.assertIsNone(tensor["optimality_gap"])
                        else:
                            self.assertLessEqual(tensor["optimality_gap"], TOLERANCE, tensor["path"])
                            self.assertGreaterEqual(tensor["optimality_gap"], 0, tensor["path"])
                            self.assertNotIn("optimality_gap_reason", tensor)

    def test_the_gap_is_not_below_the_true_one(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc/weight"] = support.rng(7).standard_normal((20, 30)).astype("f4")
        for options in (("--engine", "reference"), ("--engine", "fast"), ("--engine", "exact")):
            report = self.report(path, self.path("out.h5"), "--n-bits", "3", *options, "--certify", "1")
            with h5py.File(path) as file:
                optimum = least_cost(file["fc/weight"][()].ravel(), 8)
            tensor, = report["tensors"]
            # The centroids are rounded to float32 after clustering: a relative 1e-6 is more than that.
            self.assertGreaterEqual(tensor["optimality_gap"], tensor["mse"] * 600 / optimum - 1 - 1e-6, options)

    def test_a_tensor_that_is_read_in_pieces(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc/weight"] = (support.rng(8).standard_normal((1500, 1000)) * 0.02).astype("f4")
        for bits in ("4", "8"):
            results = [gaps(self.report(path, self.path("out.h5"), "--n-bits", bits, "--certify", "1e-3", "--threads",
                                        threads)) for threads in ("1", "3")]
            self.assertLessEqual(results[0]["/fc/weight"], TOLERANCE)
            self.assertEqual(*results)

    def test_no_proof_without_the_option_and_the_same_bytes(self):
        path = self.example()
        self.report(path, self.path("certified.h5"), "--n-bits", "4", "--certify", "1e-3")
        report = self.report(path, self.path("plain.h5"), "--n-bits", "4")
        self.assertEqual(set(gaps(report).values()), {None})
        self.assertNotIn("optimality_gap_reason", json.dumps(report))
        self.assertEqual(support.sha256(self.path("plain.h5")), support.sha256(self.path("certified.h5")))

    def test_vectors_have_no_gap_and_say_why(self):
        report = self.report(self.example(), self.path("out.h5"), "--cluster-dim", "2", "--certify", "1e-3")
        for tensor in report["tensors"]:
            self.assertIsNone(tensor["optimality_gap"])
            self.assertEqual("optimality_gap_reason" in tensor, tensor["action"] == "palettized", tensor["path"])

    def test_a_proof_that_fails_is_an_error_that_names_the_tensor(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:  # the reference engine rounds to 4 decimals: too coarse for the first
            for name, scale in (("small/weight", 5e-4), ("large/weight", 1)):
                file[name] = (support.rng(9).standard_normal((60, 50)) * scale).astype("f4")
        options = ("--n-bits", "4", "--engine", "reference", "--report", self.path("report.json"))
        result = self.refused(CHECK_FAILED, ["/small/weight", "within", "--certify asks for 0.001", "nothing was written"],
                              "run", path, self.path("out.h5"), *options, "--certify", "1e-3")
        self.assertNotIn("/large/weight", result.stderr)
        self.assert_folder_holds("in.h5")
        self.program("run", path, self.path("out.h5"), *options, "--certify", "0.5")
        self.assertGreater(gaps(json.loads(pathlib.Path(self.path("report.json")).read_text()))["/small/weight"], TOLERANCE)

    def test_a_proof_that_fails_advises_what_there_is(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["l/weight"] = support.rng(9).standard_normal((60, 50)).astype("f4")
        for engine, advice in (("fast", "a larger tolerance or --engine exact may do$"),
                               ("exact", "a larger tolerance may do$")):
            result = self.refused(CHECK_FAILED, ["--certify asks for"], "run", path, self.path("out.h5"), "--n-bits", "2",
                                  "--engine", engine, "--certify", "1e-18")
            self.assertRegex(result.stderr.splitlines()[0], advice)

    def test_what_is_no_tolerance_is_refused(self):
        path = self.example()
        for text in ("0", "-1", "nan", "inf", "1e-3x"):
            self.refused(USAGE, ["certify", "positive"], "run", path, self.path("out.h5"), f"--certify={text}")
        self.refused(USAGE, ["certify"], "plan", path, "--certify", "1e-3")


@unittest.skipUnless(support.checkpoints(), f"no checkpoints in {support.CHECKPOINTS}")
class RealCheckpoints(support.Case):
    def test_every_scalar_palette_is_certified(self):
        certified = 0
        for checkpoint in support.checkpoints():
            for setting in SETTINGS:
                with self.subTest(checkpoint=checkpoint.name, setting=setting):
                    report = self.path("report.json")
                    result = self.call("run", checkpoint, self.path("out.h5"), "--force", "--include", ".*", *setting,
                                       "--certify", str(TOLERANCE), "--report", report)
                    if result.returncode == support.INPUT:
                        break  # test_real_checkpoints.py looks at refusals
                    self.assertEqual(result.returncode, DONE, result.stderr)
                    for tensor in json.loads(pathlib.Path(report).read_text())["tensors"]:
                        if tensor["action"] == "palettized":
                            self.assertLessEqual(tensor["optimality_gap"], TOLERANCE, tensor["path"])
                            certified += 1
        print(f"certified: {certified} tensors", file=sys.stderr)
        self.assertGreater(certified, 1000)


if __name__ == "__main__":
    if not support.checkpoints():
        print(f"skipped: no checkpoints in {support.CHECKPOINTS}")
    unittest.main()
