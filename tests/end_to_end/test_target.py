"""plan with a target: bits where they count, within what may be stored."""

import json
import os
import pathlib
import unittest

import h5py
import numpy as np

import support
from support import USAGE

WIDTHS = (1, 2, 3, 4, 6, 8)


class Target(support.Case):
    def checkpoint(self, groups=False):
        """Layers of different sizes, scales and tails."""
        random = support.rng(8)
        with h5py.File(self.path("in.h5"), "w") as file:
            for layer, (shape, tail) in enumerate({(256, 64): 3, (64, 256): 30, (32, 48): 4, (96, 96): 8, (128, 16): 2.5,
                                                   (300, 20): 100}.items()):
                file[f"layer{layer}/weight"] = (random.standard_t(tail, shape) * 0.05 / (layer + 1)).astype("f4")
            file["tiny.weight"] = random.standard_normal((2, 4)).astype("f4")
            file["layer0/bias"] = np.zeros(64, "f4")
        return self.path("in.h5")

    def planned(self, original, *options):
        return json.loads(self.program("plan", original, "--json", *options).stdout)

    def measured(self, original, *options):
        """Errors of each palettized tensor and bytes that it takes, at every width, as `run` has them."""
        widths = {}
        for bits in WIDTHS:
            report = self.report(original, self.path("width.h5"), "--n-bits", str(bits), *options)
            widths[bits] = {t["path"]: t for t in report["tensors"] if t["action"] == "palettized"}
        return widths

    @staticmethod
    def weights(tensor):
        return int(np.prod(tensor["shape"]))

    def error(self, tensor, objective="relative"):
        """Squared error, relative to energy and times weights or as it is."""
        if objective == "absolute":
            return self.weights(tensor) * tensor["mse"]
        return 0 if tensor["sqnr_db"] is None else self.weights(tensor) * 10 ** (-tensor["sqnr_db"] / 10)

    def check_against_uniform(self, original, objective, *options):
        """With what a uniform width takes: no more bytes and no more error, as `run` measures both."""
        ratios = []
        for bits, tensors in self.measured(original, *options).items():
            used = sum(t["bytes_out"] for t in tensors.values())
            weights = sum(map(self.weights, tensors.values()))
            bpw = used * 8 / weights
            planned = self.planned(original, *options, "--n-bits", "4", "--target-bpw", repr(bpw), "--write-config",
                                   self.path("chosen.yaml"), "--force", "--objective", objective)
            self.assertLessEqual(planned["widths"]["used_bytes"], used)
            report = self.report(original, self.path("out.h5"), "--config", self.path("chosen.yaml"))
            chosen = {t["path"]: t for t in report["tensors"]}
            for tensor in planned["tensors"]:
                self.assertEqual(tensor["spec"], chosen[tensor["path"]]["spec"])
            uniform = sum(self.error(tensor, objective) for tensor in tensors.values())
            error = sum(self.error(chosen[path], objective) for path in tensors if chosen[path]["action"] == "palettized")
            self.assertLessEqual(error, uniform * (1 + 1e-9), f"{original} {bits}")
            self.assertLessEqual(sum(chosen[path]["bytes_out"] for path in tensors), used)
            ratios.append(error / uniform if uniform else 1)
        return ratios

    def test_uniform_widths_are_beaten(self):
        for objective, least in {"relative": 1, "absolute": 0.6}.items():
            ratios = self.check_against_uniform(self.checkpoint(), objective)
            print(f"{objective} error, by that of the uniform width of the same size:",
                  " ".join(f"{ratio:.3f}" for ratio in ratios))
            self.assertLess(min(ratios), least)

    def test_uniform_widths_are_beaten_on_real_checkpoints(self):
        real = [path for path in support.checkpoints() if 20e3 < path.stat().st_size < 30e6]
        if not real:
            self.skipTest(f"no checkpoints in {support.CHECKPOINTS}")
        tried = 0
        for path in real:
            if self.call("plan", path).returncode != 0:
                continue  # nothing in it is selected
            with self.subTest(checkpoint=path.name):
                self.check_against_uniform(str(path), "relative")
                tried += 1
        self.assertGreater(tried, 3)

    def test_the_documented_greedy_recipe_is_beaten(self):
        """coreai_opt's mixed-precision recipe: (layer, bits) by falling quality, each overriding the layer's earlier one,
        until the target is met."""
        original = self.checkpoint()
        widths = self.measured(original)
        paths = list(widths[4])
        total = sum(self.weights(widths[4][path]) for path in paths)
        for target in (2.5, 3.5, 5):
            pairs = sorted(((widths[bits][path]["sqnr_db"] or 999, path, bits) for path in paths for bits in WIDTHS),
                           reverse=True)
            recipe = {}
            for _, path, bits in pairs:
                recipe[path] = widths[bits][path]
                if len(recipe) == len(paths) and sum(t["bytes_out"] for t in recipe.values()) * 8 / total <= target:
                    break
            used = sum(t["bytes_out"] for t in recipe.values())
            greedy = sum(map(self.error, recipe.values()))
            planned = self.planned(original, "--target-bpw", repr(used * 8 / total))
            self.assertLessEqual(planned["widths"]["used_bytes"], used)
            chosen = {t["path"]: t for t in planned["tensors"]}
            error = sum(self.error(widths[chosen[path]["spec"]["n_bits"]][path]) for path in paths
                        if chosen[path]["action"] == "palettized")
            self.assertLessEqual(error, greedy * (1 + 1e-9))
            print(f"{used * 8 / total:.3f} bits per weight: error {error / greedy:.3f} times that of the greedy recipe")

    def test_less_is_left_than_any_upgrade_takes(self):
        original = self.checkpoint()
        widths = self.measured(original)
        for target in (1.7, 2.5, 3, 4.2, 6.1):
            planned = self.planned(original, "--target-bpw", str(target))
            left = planned["widths"]["budget_bytes"] - planned["widths"]["used_bytes"]
            self.assertGreaterEqual(left, 0)
            for tensor in planned["tensors"]:
                if tensor["action"] != "palettized":
                    continue
                for bits in WIDTHS:
                    other = widths[bits][tensor["path"]]
                    if self.error(other) < self.error(widths[tensor["spec"]["n_bits"]][tensor["path"]]) * 0.95:
                        self.assertGreater(other["bytes_out"] - tensor["bytes_out"], left)

    def test_a_file_is_no_larger_than_asked_for(self):
        for path in [self.checkpoint(), *(p for p in support.checkpoints() if p.stat().st_size < 30e6)]:
            if self.call("plan", path).returncode != 0:
                continue
            self.program("run", path, self.path("w8.h5"), "--n-bits", "8", "--force")
            self.program("run", path, self.path("w1.h5"), "--n-bits", "1", "--force")
            sizes = [os.path.getsize(self.path(name)) for name in ("w1.h5", "w8.h5")]
            for size in (sizes[0] + (sizes[1] - sizes[0]) // 3, sizes[1]):
                with self.subTest(checkpoint=str(path), size=size):
                    result = self.call("plan", path, "--target-size", str(size), "--write-config", self.path("c.yaml"),
                                       "--force")
                    if result.returncode != 0:  # not within the bound of what a group takes
                        self.assertRegex(result.stderr, "--target-size|every tensor stays dense")
                        continue
                    self.program("run", path, self.path("out.h5"), "--config", self.path("c.yaml"), "--force")
                    self.assertLessEqual(os.path.getsize(self.path("out.h5")), size)

    def test_every_tensor_is_as_good_as_asked_for(self):
        original = self.checkpoint()
        for least in (8, 20, 33, 60):
            self.program("plan", original, "--min-sqnr-db", str(least), "--write-config", self.path("c.yaml"), "--force")
            report = self.report(original, self.path("out.h5"), "--config", self.path("c.yaml"))
            for tensor in report["tensors"]:
                if tensor["action"] == "palettized" and tensor["sqnr_db"] is not None:
                    self.assertGreaterEqual(tensor["sqnr_db"], least)
        dense = [t["path"] for t in report["tensors"] if t["action"] == "dense"]
        self.assertIn("/layer0/weight", dense)  # 60 dB take more than 8 bits

    def test_sensitivities_make_the_error_absolute(self):
        original = self.checkpoint()
        with h5py.File(original) as file, h5py.File(self.path("sens.h5"), "w") as sensitivities:
            for layer in range(6):
                path = f"layer{layer}/weight"
                sensitivities[path] = np.full(file[path].shape, 1e4 if layer == 5 else 1.0, "f4")
            sensitivities["tiny.weight"] = np.ones((2, 4), "f4")
        chosen = {}
        for name, options in {"without": (), "with": ("--sensitivity", self.path("sens.h5")),
                              "relative": ("--sensitivity", self.path("sens.h5"), "--objective", "relative")}.items():
            tensors = self.planned(original, "--target-bpw", "3.2", *options)["tensors"]
            chosen[name] = {t["path"]: t["spec"]["n_bits"] for t in tensors if t["spec"]}
        self.assertGreater(chosen["with"]["/layer5/weight"], chosen["without"]["/layer5/weight"])
        self.assertEqual(chosen["relative"]["/layer5/weight"], chosen["without"]["/layer5/weight"])

    def test_the_least_quality_is_plain_whatever_the_sensitivities_and_the_engine(self):
        original = self.checkpoint()
        with h5py.File(original, "r+") as file, h5py.File(self.path("sens.h5"), "w") as sensitivities:
            file["small.weight"] = (support.rng(3).standard_normal((64, 64)) * 5e-4).astype("f4")
            for name in [f"layer{layer}/weight" for layer in range(6)] + ["tiny.weight", "small.weight"]:
                sensitivities[name] = np.zeros_like(file[name][()]) if name == "layer2/weight" else file[name][()] ** 2
        for options in (("--sensitivity", self.path("sens.h5")), ("--engine", "reference")):
            self.program("plan", original, *options, "--min-sqnr-db", "20", "--write-config", self.path("c.yaml"), "--force")
            report = self.report(original, self.path("out.h5"), "--config", self.path("c.yaml"), *options)
            for tensor in report["tensors"]:
                if tensor["action"] == "palettized" and tensor["sqnr_db"] is not None:
                    self.assertGreaterEqual(tensor["sqnr_db"], 20, f"{tensor['path']} {options}")

    def test_what_rules_cannot_tell_apart_is_not_written(self):
        random = support.rng(4)
        with h5py.File(self.path("in.h5"), "w") as file:
            file["m1/weight"] = random.standard_normal((64, 64)).astype("f4")
            file["m2/weight"] = random.standard_t(2, (64, 64)).astype("f4") * 30
            file["m2/kernel"] = file["m1/weight"]
        result = self.call("plan", self.path("in.h5"), "--include", ".*", "--target-bpw", "7.2", "--objective", "absolute",
                           "--write-config", self.path("c.yaml"))
        if result.returncode == 0:  # both got the same bits
            planned = self.planned(self.path("in.h5"), "--config", self.path("c.yaml"))["totals"]
            self.assertLessEqual(planned["bits_per_weight"], 7.2)
        else:
            self.assertIn("hard link", result.stderr)
            self.assertFalse(os.path.exists(self.path("c.yaml")))

    def test_names_that_rules_need_care_with(self):
        random = support.rng(2)
        names = ["weight", "a.b/weight", "a/b.c/weight", "a+(b)/weight", "\u00fc[1]/weight", "x y/weight",
                 "model/0/weight", "model/0/deep/1/kernel", 'q"uo\'te/weight', "back\\slash/weight", "d/vars/0", "d/vars/1"]
        with h5py.File(self.path("in.h5"), "w") as file:
            for name in names:
                file[name] = random.standard_normal((64, 64)).astype("f4")
            file[b"bytes\xff\xfe/weight"] = random.standard_normal((64, 64)).astype("f4")
        planned = self.planned(self.path("in.h5"), "--target-bpw", "5.1", "--include", ".*", "--write-config",
                               self.path("c.yaml"))
        report = self.report(self.path("in.h5"), self.path("out.h5"), "--config", self.path("c.yaml"))
        self.assertEqual([t["spec"] for t in planned["tensors"]], [t["spec"] for t in report["tensors"]])

    def test_the_small_kernel_of_a_separable_convolution_stays_dense(self):
        random = support.rng(3)
        with h5py.File(self.path("in.weights.h5"), "w") as file:
            file["layers/dense/vars/0"] = random.standard_normal((128, 256)).astype("f4")
            for number, shape in enumerate(((3, 3, 64, 1), (1, 1, 64, 128), (128,))):
                file[f"layers/separable_conv2d/vars/{number}"] = random.standard_normal(shape).astype("f4")
        planned = self.planned(self.path("in.weights.h5"), "--target-bpw", "5", "--preset", "w4", "--write-config",
                               self.path("c.yaml"))
        report = self.report(self.path("in.weights.h5"), self.path("out.h5"), "--config", self.path("c.yaml"))
        for result in (planned, report):
            actions = {t["path"]: t["action"] for t in result["tensors"]}
            path = "/layers/separable_conv2d/vars/"
            self.assertEqual([actions[path + n] for n in "012"], ["dense", "palettized", "dense"])

    def test_what_cannot_be_is_refused(self):
        original = self.checkpoint()
        self.refused(USAGE, ["--target-bpw", "0.5", "bits per weight"], "plan", original, "--target-bpw", "0.5")
        self.refused(USAGE, ["--target-size", "1000"], "plan", original, "--target-size", "1000")
        self.refused(USAGE, ["--target-bpw", "nan"], "plan", original, "--target-bpw", "nan")
        self.refused(USAGE, ["exclude each other"], "plan", original, "--target-bpw", "3", "--min-sqnr-db", "3")
        self.refused(USAGE, ["--objective", "absolute, relative|relative, absolute"], "plan", original, "--target-bpw",
                     "3", "--objective", "x")
        self.refused(USAGE, ["--write-config goes with"], "plan", original, "--write-config", self.path("c.yaml"))
        self.write_text("c.yaml", "mine")
        self.refused(USAGE, ["c.yaml", "--force"], "plan", original, "--target-bpw", "3", "--write-config",
                     self.path("c.yaml"))
        self.assertEqual(pathlib.Path(self.path("c.yaml")).read_text(), "mine")

    def test_weights_that_are_not_finite(self):
        original = self.checkpoint()
        with h5py.File(original, "r+") as file:
            file["layer1/weight"][3, 4] = np.nan
        self.refused(1, ["layer1/weight", "NaN"], "plan", original, "--target-bpw", "3")
        planned = self.planned(original, "--target-bpw", "3", "--on-nonfinite", "skip")
        self.assertEqual([t["action"] for t in planned["tensors"] if t["path"] == "/layer1/weight"], ["dense"])

    def test_the_choice_does_not_depend_on_threads_or_memory(self):
        original = self.checkpoint()
        plans = {self.program("plan", original, "--group-size", "8", "--json", "--target-bpw", "3.3", *options).stdout
                 for options in (("--threads", "1"), ("--threads", "4"), ("--threads", "2", "--memory", "1MiB"))}
        self.assertEqual(len({json.dumps(json.loads(text)["tensors"]) for text in plans}), 1)


if __name__ == "__main__":
    unittest.main()
