"""The code in docs/format.md decodes what the program writes, and gives what `restore` gives, bit for bit."""

import json
import subprocess
import unittest

import h5py
import numpy as np

import support
from support import bits


class DocumentedDecode(support.Case):
    def test_decode_is_eight_lines(self):
        text = (support.SOURCE_DIR / "docs/format.md").read_text()
        body = text.split("def decode(")[1].split("```")[0].strip().splitlines()[1:]
        self.assertEqual(len(body), 8, body)

    def test_documented_lines_equal_restore_for_every_dtype(self):
        original = self.path("in.h5")
        dtypes = ("float16", "float32", "float64", ">f4", ">f8", "bfloat16", "bfloat16_bits", "bfloat16_opaque", ">bfloat16",
                  ">bfloat16_bits")
        with h5py.File(original, "w") as file:
            for number, dtype in enumerate(dtypes):
                values = support.rng(number).standard_normal((32, 12, 3))
                support.write_weights(file.create_group(f"m{number}"), "weight", values, dtype)
        for options in (["--preset", "w4"], ["--preset", "w8"],
                        ["--n-bits", "3", "--granularity", "per_grouped_channel", "--axis", "1", "--group-size", "4",
                         "--cluster-dim", "2", "--per-channel-scale", "--lut-dtype", "int8",
                         "--lut-qscheme", "symmetric"]):
            with self.subTest(options=options):
                palettized, restored = self.path("out.h5"), self.path("back.h5")
                self.program("run", original, palettized, "--force", *options)
                self.program("restore", palettized, restored, "--force")
                with h5py.File(palettized) as packed, h5py.File(restored) as dense:
                    self.assertEqual(len(support.palettized_groups(packed)), len(dtypes))
                    for path in support.palettized_groups(packed):
                        np.testing.assert_array_equal(bits(support.decode(packed[path])),
                                                      bits(support.dense_values(dense[path])), path)

    def test_a_file_of_format_1_is_read_for_ever(self):
        """Written by a program that knew no other format. It is never written anew."""
        golden = support.SOURCE_DIR / "tests/golden"
        original, palettized, restored = golden / "format1_original.h5", golden / "format1.h5", self.path("back.h5")
        self.program("verify", original, palettized)
        self.program("restore", palettized, restored)
        self.program("inspect", palettized)
        with h5py.File(palettized) as packed, h5py.File(restored) as dense, h5py.File(original) as first:
            self.assertEqual(packed.attrs["h5palettize_format"], 1)
            self.assertEqual(support.palettized_groups(packed), ["/conv/weight", "/enc/fc/weight", "/half/weight"])
            for path in support.palettized_groups(packed):
                np.testing.assert_array_equal(bits(support.decode(packed[path])), bits(dense[path][()]), path)
                self.assertEqual((dense[path].shape, dense[path].dtype), (first[path].shape, first[path].dtype))
            self.assertEqual(dense["conv/weight"].attrs["note"], "kept")

    def test_palettized_values_are_read_without_a_plugin_by_h5dump(self):
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            file["layer.weight"] = np.arange(64, dtype=np.float32).reshape(16, 4)
        self.program("run", original, palettized, "--preset", "w4")
        dump = subprocess.run(["h5dump", palettized], capture_output=True, text=True, check=True)
        self.assertIn("palettized_spec", dump.stdout)
        self.assertEqual(dump.stderr, "")


    def dumped_numbers(self, palettized, dataset):
        """The numbers that h5dump prints for a dataset."""
        dump = subprocess.run(["h5dump", "--noindex", "--width=1", "--dataset", dataset, palettized],
                              capture_output=True, text=True, check=True)
        self.assertEqual(dump.stderr, "")
        data = dump.stdout.split("DATA {")[1].split("}")[0]
        return np.array([float(number) for number in data.replace(",", " ").split()])

    def test_h5dump_reads_every_width_and_type(self):
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            for dtype in ("float32", "bfloat16"):
                values = support.rng(1).standard_normal((24, 20))
                support.write_weights(file.create_group(dtype), "weight", values, dtype)
        for n_bits in (1, 2, 3, 4, 6, 8):
            self.program("run", original, palettized, "--n-bits", n_bits, "--lut-dtype", "float8_e4m3fn", "--force")
            with h5py.File(palettized) as packed:
                for dtype in ("float32", "bfloat16"):
                    with self.subTest(n_bits=n_bits, dtype=dtype):
                        group = packed[dtype]["weight"]
                        indices = group["indices"][()].ravel()
                        self.assertGreater(len(np.unique(indices)), 2 ** n_bits // 4)
                        for name in ("indices", "lut", "quantized_lut", "lut_quantization_scale"):
                            expected = support.dense_values(group[name])
                            # h5dump prints six digits.
                            np.testing.assert_allclose(self.dumped_numbers(palettized, f"{dtype}/weight/{name}"),
                                                       expected.ravel(), rtol=1e-5, err_msg=name)


class WorkedCases(support.Case):
    def decoded(self, values, spec):
        """The LUT entries and the decoded weights of one small tensor."""
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            file["m.weight"] = np.array(values, np.float32)
        config = self.write_text("config.json", json.dumps({
            "kmeans_palettization_config": {"global_config": {"op_state_spec": {"weight": spec}}}}))
        self.program("run", original, palettized, "--config", config, "--force")
        with h5py.File(palettized) as file:
            group = file["m.weight"]
            return group["lut"][()].reshape(-1), group["indices"][()], support.decode(group)

    def test_quantized_luts_of_one_two_three_four(self):
        symmetric = [1.0039, 2.0078, 3.0118, 3.9843]
        asymmetric = [1.0039, 1.9922, 2.9961, 4.0000]
        for dtype, qscheme, expected in (("int8", "symmetric", symmetric), ("uint8", "symmetric", symmetric),
                                         ("int8", "asymmetric", asymmetric), ("uint8", "asymmetric", asymmetric)):
            with self.subTest(dtype=dtype, qscheme=qscheme):
                lut, _, values = self.decoded([[1, 2], [3, 4]], {
                    "n_bits": 2, "lut_qspec": {"dtype": dtype, "qscheme": qscheme}})
                np.testing.assert_allclose(lut, expected, atol=5e-5)
                np.testing.assert_allclose(values.reshape(-1), expected, atol=5e-5)

    def test_padding_repeats_the_last_centroid_and_is_never_referenced(self):
        lut, indices, values = self.decoded([[1, 1, 2], [2, 1, 2]], {"n_bits": 2})
        np.testing.assert_array_equal(lut, [1, 2, 2, 2])
        np.testing.assert_array_equal(indices, [[0, 0, 1], [1, 0, 1]])
        np.testing.assert_array_equal(values, [[1, 1, 2], [2, 1, 2]])

    def test_a_zero_channel_has_scale_one_and_decodes_to_zeros(self):
        lut, _, values = self.decoded([[0, 0, 0, 0], [1, -4, 2, 4]], {"n_bits": 3, "enable_per_channel_scale": True})
        with h5py.File(self.path("out.h5")) as file:
            np.testing.assert_array_equal(file["m.weight/per_channel_scale"][()], [[1], [4]])
        np.testing.assert_array_equal(values, [[0, 0, 0, 0], [1, -4, 2, 4]])
        self.assertLessEqual(np.abs(lut).max(), 1)

    def test_an_all_zero_lut_under_e8m0_has_the_smallest_normal_scale(self):
        self.decoded([[0, 0], [0, 0]], {"n_bits": 2, "lut_qspec": {
            "dtype": "float8_e4m3fn", "qscheme": "symmetric", "scale_dtype": "float8_e8m0fnu"}})
        with h5py.File(self.path("out.h5")) as file:
            scale = file["m.weight/lut_quantization_scale"]
            self.assertEqual(scale.dtype, np.float32)
            self.assertEqual(scale[()].reshape(-1)[0], np.float32(2.0 ** -126))


if __name__ == "__main__":
    unittest.main()
