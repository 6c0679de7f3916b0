"""compare shows two palettizations side by side: what differs, worst first, as the files or the original say it."""

import json
import pathlib
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, DONE, INPUT, USAGE


class Compare(support.Case):
    def checkpoint(self, name="in.h5", **more):
        path = self.path(name)
        with h5py.File(path, "w") as file:
            for layer, (rows, columns) in enumerate(((32, 16), (48, 64), (8, 40))):
                file[f"layers.{layer}.weight"] = support.rng(layer).standard_normal((rows, columns)).astype("f4")
            file["norm.bias"] = np.ones(16, "f4")
            for key, values in more.items():
                file[key] = values
        return path

    def palettized(self, name, original, *options):
        self.program("run", original, self.path(name), *options)
        return self.path(name)

    def compare(self, *files):
        return json.loads(self.program("compare", *files, "--json").stdout)

    def test_fewer_bits_are_worse_and_smaller(self):
        original = self.checkpoint()
        a = self.palettized("a.h5", original, "--n-bits", "4")
        b = self.palettized("b.h5", original, "--n-bits", "2")
        report = self.compare(a, b)
        differences = [tensor["difference_db"] for tensor in report["tensors"]]
        self.assertEqual(len(differences), 3)
        self.assertEqual(differences, sorted(differences))
        self.assertLess(differences[-1], -5)
        weights = energy = error_a = error_b = bytes_a = 0
        with h5py.File(original) as dense, h5py.File(a) as file_a, h5py.File(b) as file_b:
            for tensor in report["tensors"]:
                values = dense[tensor["path"]][()].astype("f8")
                self.assertEqual((tensor["verdict"], tensor["remark"]), ("worse", ""))
                self.assertEqual((tensor["a"]["spec"]["n_bits"], tensor["b"]["spec"]["n_bits"]), (4, 2))
                for side, file in (("a", file_a), ("b", file_b)):
                    squares = (support.decode(file[tensor["path"]]).astype("f8") - values) ** 2
                    self.assertAlmostEqual(tensor[side]["reported"]["mse"], squares.mean(), delta=1e-6 * squares.mean())
                    self.assertNotIn("measured", tensor[side])
                    error_a, error_b = error_a + squares.sum() * (side == "a"), error_b + squares.sum() * (side == "b")
                self.assertAlmostEqual(tensor["difference_db"], tensor["b"]["reported"]["sqnr_db"]
                                       - tensor["a"]["reported"]["sqnr_db"])
                self.assertAlmostEqual(tensor["a"]["bits_per_weight"], 8 * tensor["a"]["bytes"] / values.size)
                weights, energy, bytes_a = weights + values.size, energy + (values ** 2).sum(), bytes_a + tensor["a"]["bytes"]
        totals = report["totals"]
        self.assertEqual((totals["sqnr_tensors"], totals["a"]["palettized"], totals["a"]["bytes"]), (3, 3, bytes_a))
        self.assertAlmostEqual(totals["a"]["bits_per_weight"], 8 * bytes_a / weights)
        self.assertAlmostEqual(totals["a"]["sqnr_db"], 10 * np.log10(energy / error_a), places=4)
        self.assertAlmostEqual(totals["b"]["sqnr_db"], 10 * np.log10(energy / error_b), places=4)
        self.assertEqual(totals["b"]["file_bytes"], pathlib.Path(b).stat().st_size)
        table = self.program("compare", a, b).stdout
        self.assertIn("[4 bit -> 2 bit]", table)
        self.assertRegex(table, r"B against A: -\d+\.\d\d dB over 3 tensors, -\d+\.\d\d% of the bytes")

    def test_a_file_is_as_good_as_itself(self):
        path = self.palettized("a.h5", self.checkpoint(), "--n-bits", "3")
        for files in ((path, path), (path, path, self.path("in.h5"))):
            report = self.compare(*files)
            self.assertEqual({tensor["difference_db"] for tensor in report["tensors"]}, {0})
            self.assertEqual({tensor["verdict"] for tensor in report["tensors"]}, {"equal"})
            self.assertEqual(report["totals"]["a"], report["totals"]["b"])

    def test_the_original_measures_what_files_report(self):
        original = self.checkpoint()
        a = self.palettized("a.h5", original, "--n-bits", "4")
        b = self.palettized("b.h5", original, "--n-bits", "4", "--lut-dtype", "int8")
        for tensor in self.compare(a, b, original)["tensors"]:
            for side in ("a", "b"):
                self.assertEqual(tensor[side]["measured"], tensor[side]["reported"])
        with h5py.File(b, "r+") as file:
            file["layers.1.weight/lut"][...] = 0
        first = self.compare(a, b, original)["tensors"][0]
        self.assertEqual(first["path"], "/layers.1.weight")
        self.assertAlmostEqual(first["b"]["measured"]["sqnr_db"], 0)
        self.assertRegex(first["remark"], r"B reports \d+\.\d\d dB")
        self.assertEqual(self.compare(a, b)["tensors"][0]["remark"], "")

    def test_tensors_that_are_dense_or_missing_in_one_are_said(self):
        a = self.palettized("a.h5", self.checkpoint("1.h5", more=np.arange(4)), "--n-bits", "4", "--exclude",
                            "layers.0")
        b = self.palettized("b.h5", self.checkpoint("2.h5", extra=np.arange(4)), "--n-bits", "4", "--exclude",
                            "layers.1")
        remarks = {tensor["path"]: tensor["remark"] for tensor in self.compare(a, b)["tensors"]}
        self.assertEqual(remarks, {"/layers.0.weight": "dense in A", "/layers.1.weight": "dense in B",
                                   "/layers.2.weight": "", "/more": "not in B", "/extra": "not in A"})
        table = self.program("compare", a, b).stdout
        self.assertEqual(table.splitlines()[0].split()[0], "-inf")
        for remark in ("dense in A", "dense in B", "not in A", "not in B"):
            self.assertIn(remark + "]", table)

    def test_other_shapes_and_types_are_said(self):
        def write(name, values):
            with h5py.File(self.path(name), "w") as file:
                file["layer.weight"] = values
            return self.palettized("out-" + name, self.path(name), "--n-bits", "2")

        values = support.rng().standard_normal((32, 16))
        plain = write("f4.h5", values.astype("f4"))
        for other, word in ((write("f2.h5", values.astype("f2")), "type float32 in A, float16 in B"),
                            (write("turned.h5", values.astype("f4").T), r"shape (32, 16) in A, (16, 32) in B")):
            tensor, = self.compare(plain, other)["tensors"]
            self.assertEqual((tensor["verdict"], tensor["remark"]), ("unknown", word))
            self.assertIn(word, self.program("compare", plain, other).stdout)

    def test_what_the_original_lacks_is_named(self):
        original = self.checkpoint()
        a = self.palettized("a.h5", original, "--n-bits", "4")
        with h5py.File(original, "r+") as file:
            del file["layers.1.weight"]
        result = self.refused(CHECK_FAILED, [r"/layers\.1\.weight: .*in\.h5 has no such tensor of shape \(48, 64\)"],
                              "compare", a, a, original)
        self.assertEqual(result.stderr.count("layers.1"), 1)
        self.assertIn("layers.2", result.stdout)
        document = json.loads(self.call("compare", a, a, original, "--json").stdout)
        self.assertEqual(len(document["missing"]), 1)

    def test_hostile_names_stay_on_their_line(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            for name in (b"line\nbreak.weight", b"\x1b[31mred.weight", b"byte\xff.weight"):
                file[name] = support.rng().standard_normal((16, 16)).astype("f4")
        a = self.palettized("a.h5", self.path("in.h5"), "--n-bits", "4")
        b = self.palettized("b.h5", self.path("in.h5"), "--n-bits", "2")
        table = self.program("compare", a, b).stdout
        self.assertEqual(len(table.splitlines()), 3 + 3)
        self.assertNotIn("\x1b", table)
        self.assertIn(r"line\x0abreak", table)
        report = self.compare(a, b, self.path("in.h5"))
        self.assertEqual({tensor["verdict"] for tensor in report["tensors"]}, {"worse"})
        escaped, = (tensor for tensor in report["tensors"] if "path_escaped" in tensor)
        self.assertEqual(escaped["path"], r"/byte\xff.weight")

    def test_files_that_are_not_palettized_are_refused(self):
        original = self.checkpoint()
        a = self.palettized("a.h5", original, "--n-bits", "4")
        for files in ((a, original), (original, a)):
            self.refused(INPUT, [r"in\.h5: is not a palettized checkpoint"], "compare", *files)
        self.refused(INPUT, [r"gone\.h5: no such file"], "compare", a, a, self.path("gone.h5"))
        self.refused(USAGE, ["found 1 arguments"], "compare", a)

    def test_results_that_are_damaged_are_said(self):
        a = self.palettized("a.h5", self.checkpoint(), "--n-bits", "4")
        self.palettized("b.h5", self.path("in.h5"), "--n-bits", "4")
        with h5py.File(self.path("b.h5"), "r+") as file:
            del file["h5palettize/config"]
            file["h5palettize/config"] = "no JSON"
        result = self.call("compare", a, self.path("b.h5"))
        self.assertEqual((result.returncode, result.stdout.count("B does not say its error")), (DONE, 3))
        tensors = self.compare(a, self.path("b.h5"), self.path("in.h5"))["tensors"]
        self.assertEqual({tensor["verdict"] for tensor in tensors}, {"equal"})


if __name__ == "__main__":
    unittest.main()
