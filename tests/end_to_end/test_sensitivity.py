"""--sensitivity: palettes that serve the weights that matter, and what is said where the file does not fit."""

import json
import os
import pathlib
import unittest

import h5py
import numpy as np

import support
from support import INPUT, OUTPUT, USAGE

OPTIONS = {"per tensor": (), "groups": ("--group-size", "16"), "input groups": ("--group-size", "16", "--axis", "1"),
           "vectors": ("--cluster-dim", "2"), "scaled": ("--per-channel-scale",), "int8 LUT": ("--lut-dtype", "int8"),
           "exact": ("--engine", "exact"), "reference": ("--engine", "reference")}


class Sensitivity(support.Case):
    def checkpoint(self, dtype="f4"):
        """Weights, and sensitivities as gradients have them: a few inputs are far more active than others."""
        random = support.rng(5)
        with h5py.File(self.path("in.h5"), "w") as file, h5py.File(self.path("sens.h5"), "w") as sensitivities:
            for name, shape in {"a.weight": (64, 128), "b.weight": (128, 64)}.items():
                support.write_weights(file, name, random.standard_normal(shape) * 0.02, dtype)
                active = random.lognormal(0, 2, shape[1])
                sensitivities[name] = (random.standard_normal(shape) * active) ** 2 * 100
            file["a.bias"] = np.zeros(3, "f4")
        return self.path("in.h5")

    def errors(self, palettized):
        """Weighted and plain MSE of each tensor, by numpy."""
        errors = {}
        with h5py.File(self.path("in.h5")) as file, h5py.File(self.path("sens.h5")) as sensitivities, \
                h5py.File(palettized) as decoded:
            for path in support.palettized_groups(decoded):
                error = (file[path][()].astype("f8") - support.decode(decoded[path]).astype("f8")) ** 2
                weights = sensitivities[path][()].astype("f8")
                errors[path] = (np.sum(weights * error) / np.sum(weights), np.mean(error))
        return errors

    def test_the_weighted_error_falls_and_is_reported(self):
        for dtype in ("f4", "f2", "f8"):
            original = self.checkpoint(dtype)
            for name, options in OPTIONS.items():
                with self.subTest(options=name, dtype=dtype):
                    self.program("run", original, self.path("plain.h5"), "--n-bits", "3", *options, "--force")
                    report = self.report(original, self.path("out.h5"), "--n-bits", "3", *options, "--sensitivity",
                                         self.path("sens.h5"))
                    self.program("verify", original, self.path("out.h5"))
                    before, after = self.errors(self.path("plain.h5")), self.errors(self.path("out.h5"))
                    for tensor in report["tensors"]:
                        if tensor["action"] != "palettized":
                            continue
                        path = tensor["path"]
                        self.assertAlmostEqual(tensor["weighted_mse"] / after[path][0], 1, places=6)
                        self.assertAlmostEqual(tensor["mse"] / after[path][1], 1, places=6)
                        self.assertLess(after[path][0], before[path][0])
                    if dtype == "f4":
                        falls = [after[path][0] / before[path][0] for path in after]
                        print(f"{name}: weighted error {min(falls):.2f} to {max(falls):.2f} times that without "
                              "sensitivities")

    def test_the_bytes_depend_on_neither_threads_nor_memory(self):
        original = self.checkpoint()
        sums = set()
        for name, options in {"one": ("--threads", "1"), "four": ("--threads", "4"), "small": ("--memory", "1MiB")}.items():
            self.program("run", original, self.path(f"{name}.h5"), "--preset", "w4", "--sensitivity", self.path("sens.h5"),
                         *options)
            sums.add(support.sha256(self.path(f"{name}.h5")))
        self.assertEqual(len(sums), 1)

    def test_chunked_and_big_endian_sensitivities_are_the_same(self):
        original = self.checkpoint()
        self.program("run", original, self.path("plain.h5"), "--n-bits", "3", "--sensitivity", self.path("sens.h5"))
        with h5py.File(self.path("sens.h5")) as file, h5py.File(self.path("other.h5"), "w") as other:
            for name in file:
                other.create_dataset(name, data=file[name][()].astype(">f8"), chunks=(10, 30), compression="gzip")
        self.program("run", original, self.path("out.h5"), "--n-bits", "3", "--sensitivity", self.path("other.h5"))
        self.assertEqual(self.h5diff(self.path("plain.h5"), self.path("out.h5"), "/h5palettize"), "")

    def test_what_does_not_fit_is_named_before_anything_is_made(self):
        original = self.checkpoint()

        def replace(name, values):
            def edit(file):
                del file[name]
                if values is not None:
                    file[name] = values
            return edit

        def put(position, value):
            return lambda file: file["b.weight"].__setitem__(position, value)

        whole = pathlib.Path(self.path("sens.h5")).read_bytes()
        for name, (edit, words) in {
                "missing": (replace("b.weight", None), ["b.weight: no sensitivities"]),
                "other shape": (replace("b.weight", np.ones((64, 128))), ["b.weight", r"\(64, 128\)", r"\(128, 64\)"]),
                "integers": (replace("b.weight", np.ones((128, 64), "i4")), ["b.weight", "int32"]),
                "negative": (put((3, 4), -1), ["b.weight", "index 196", "-1"]),
                "NaN": (put((0, 7), np.nan), ["b.weight", "index 7", "nan"]),
                "infinite": (put((127, 63), np.inf), ["b.weight", "index 8191", "inf"])}.items():
            with self.subTest(damage=name):
                pathlib.Path(self.path("bad.h5")).write_bytes(whole)
                with h5py.File(self.path("bad.h5"), "r+") as file:
                    edit(file)
                self.refused(INPUT, ["bad.h5", *words], "run", original, self.path("out.h5"), "--sensitivity",
                             self.path("bad.h5"))
                self.assertFalse(os.path.exists(self.path("out.h5")))
        self.refused(INPUT, ["none.h5"], "run", original, self.path("out.h5"), "--sensitivity", self.path("none.h5"))
        self.refused(USAGE, ["--sensitivity"], "run", original, self.path("out.h5"), "--sensitivity", "")
        self.refused(OUTPUT, ["sensitivities"], "run", original, self.path("sens.h5"), "--force", "--sensitivity",
                     self.path("sens.h5"))

    def test_tensors_without_sensitivities_can_be_left_out(self):
        original = self.checkpoint()
        with h5py.File(self.path("sens.h5"), "r+") as file:
            del file["b.weight"]
        self.program("run", original, self.path("out.h5"), "--sensitivity", self.path("sens.h5"), "--exclude", "b")

    def lut(self, name="out.h5"):
        with h5py.File(self.path(name)) as file:
            return file["fc.weight"]["lut"][()].ravel().tolist()

    def test_normalized_as_coreai_opt_does(self):
        """Zeros weigh as much as the smallest other value; without it they pull nothing."""
        for dtype in ("f4", "f2", "f8"):
            with h5py.File(self.path("in.h5"), "w") as file, h5py.File(self.path("sens.h5"), "w") as sensitivities:
                file["fc.weight"] = np.array([[1, 2], [3, 4]], "f4")
                sensitivities["fc.weight"] = np.array([[1, 4], [0, 0]], dtype)
            command = ("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "1", "--sensitivity", self.path("sens.h5"),
                       "--force")
            for engine in ("fast", "exact", "reference"):
                with self.subTest(dtype=dtype, engine=engine):
                    self.program(*command, "--engine", engine, "--sensitivity-normalize", "coreai")
                    np.testing.assert_array_equal(self.lut(), np.array([1.8, 3.5], "f4"))
                    self.program(*command, "--engine", engine)
                    self.assertEqual(self.lut()[0], 1)

    def test_names_of_coreai_opt_are_understood(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["fc.weight"] = np.array([[1, 2], [3, 4]], "f4")
            file["enc/fc/weight"] = np.array([[1, 2], [3, 4]], "f4")
            file["weight"] = np.array([[1, 2], [3, 4]], "f4")
        weights = np.array([[0.25, 1], [0.25, 0.25]], "f4")
        for names in (("fc.parametrizations.weight.original", "enc.fc.parametrizations.weight.original",
                       "parametrizations.weight.original"),
                      ("fc/parametrizations/weight/original", "enc/fc/parametrizations/weight/original",
                       "parametrizations/weight/original")):
            with h5py.File(self.path("sens.h5"), "w") as file:
                for name in names:
                    file[name] = weights
            self.program("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "1", "--sensitivity",
                         self.path("sens.h5"), "--force")
            with h5py.File(self.path("out.h5")) as file:
                for name in ("fc.weight", "enc/fc/weight", "weight"):
                    np.testing.assert_array_equal(file[name]["lut"][()].ravel(), np.array([1.8, 3.5], "f4"))

    def test_missing_sensitivities_may_be_a_warning(self):
        original = self.checkpoint()
        with h5py.File(self.path("sens.h5"), "r+") as file:
            del file["b.weight"]
        self.program("run", original, self.path("plain.h5"), "--n-bits", "3")
        result = self.program("run", original, self.path("out.h5"), "--n-bits", "3", "--sensitivity", self.path("sens.h5"),
                              "--sensitivity-missing", "unweighted", "--report", self.path("report.json"))
        self.assertRegex(result.stderr, r"1 tensor is palettized without sensitivities, since the file has none: /b\.weight")
        with h5py.File(self.path("plain.h5")) as plain, h5py.File(self.path("out.h5")) as weighted:
            for name, same in (("a.weight", False), ("b.weight", True)):
                self.assertEqual(np.array_equal(plain[name]["lut"][()], weighted[name]["lut"][()]), same)
        tensors = {tensor["path"]: tensor for tensor in json.loads(pathlib.Path(self.path("report.json")).read_text())["tensors"]}
        self.assertIn("weighted_mse", tensors["/a.weight"])
        self.assertNotIn("weighted_mse", tensors["/b.weight"])
        self.program("verify", original, self.path("out.h5"))
        self.program("plan", original, "--target-bpw", "4", "--sensitivity", self.path("sens.h5"), "--sensitivity-missing",
                     "unweighted", "--sensitivity-normalize", "coreai")

    def test_options_of_sensitivities_need_a_file(self):
        for option in (("--sensitivity-normalize", "coreai"), ("--sensitivity-missing", "unweighted")):
            self.refused(USAGE, [option[0], "needs --sensitivity"], "run", self.checkpoint(), self.path("out.h5"), *option)

    def test_resuming_with_others_is_refused(self):
        original = self.checkpoint()
        with h5py.File(original, "r+") as file:
            file["c.weight"] = np.full((8, 8), np.nan, "f4")  # the run fails here, after two tensors
        with h5py.File(self.path("sens.h5"), "r+") as file:
            file["c.weight"] = np.ones((8, 8))
        command = ("run", original, self.path("out.h5"), "--sensitivity", self.path("sens.h5"), "--resume")
        self.assertNotEqual(self.call(*command, "--threads", "1").returncode, 0)
        with h5py.File(self.path("sens.h5"), "r+") as file:
            file["a.weight"][0, 0] = 7
        self.refused(USAGE, ["out.h5", "resume"], *command)
        self.refused(USAGE, ["out.h5", "resume"], *command, "--sensitivity-normalize", "coreai")


if __name__ == "__main__":
    unittest.main()
