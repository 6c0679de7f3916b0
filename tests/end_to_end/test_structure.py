"""What is not palettized is carried over as it is, and `restore` gives the original's structure back."""

import json
import pathlib
import subprocess
import sys
import unittest

import h5py
import numpy as np

import support
from structure import StructureCase, attributes_of, storage_of


class Structure(StructureCase):
    def write_input(self, path):
        with h5py.File(path, "w", userblock_size=512, track_order=True) as file:
            file.attrs["zulu"] = "a string"
            file.attrs["alpha"] = np.array([b"one", b"three"])
            file.attrs["empty"] = h5py.Empty("f4")
            file.attrs["zero_size"] = np.zeros((0,), "f8")
            file.attrs["unicode"] = "größe ✓"
            file.attrs["long_config"] = "x" * 42000
            for name in ("zeta", "beta", "omega", "alpha"):  # creation order is not alphabetical
                group = file.create_group(f"model/{name}", track_order=True)
                weight = group.create_dataset("weight", data=support.rng(3).standard_normal((32, 8)).astype("f4"),
                                              track_order=True)
                weight.attrs["zz_note"] = "kept"
                weight.attrs["aa_number"] = np.int16(5)
                group["bias"] = np.arange(32, dtype="f4")
            chunked = file["model"].create_group("chunked")
            chunked.create_dataset("weight", data=support.rng(4).standard_normal((64, 48)).astype("f4"),
                                   chunks=(10, 48), compression="gzip", compression_opts=4, shuffle=True,
                                   maxshape=(None, 48))
            chunked.create_dataset("weight_checked", data=support.rng(5).standard_normal((16, 16)), fletcher32=True,
                                   chunks=(5, 7))
            file.create_group("empty/inside")
            file.create_group("optimizer_weights")["model/beta/weight"] = np.full((32, 8), 0.5, "f4")
            self.write_others(file)

    def write_others(self, file):
        """Objects that are no weights."""
        other = file.create_group("other")
        other["scalar"] = np.float32(3.5)
        other["integer"] = np.int64(7)
        other["text"] = "variable length"
        other["texts"] = np.array(["a", "bc", ""], dtype=h5py.string_dtype())
        other["fixed"] = np.array([b"abc", b"d"], dtype="S5")
        other["null"] = h5py.Empty("f4")
        other["zero_size"] = np.zeros((0, 4), "f4")
        other["compound"] = np.array([(1, np.nan), (2, np.inf)], dtype=[("i", "<i4"), ("f", ">f8")])
        other["bools"] = np.array([True, False])
        other["enum"] = np.array([0, 1], dtype=h5py.enum_dtype({"A": 0, "B": 1}, basetype="i1"))
        other["opaque"] = np.void(b"\x00\x01\x02")
        ragged = other.create_dataset("ragged", (2,), h5py.vlen_dtype("i4"))
        ragged[0], ragged[1] = np.arange(3), np.arange(2)
        other.create_dataset("filled", (4, 4), "f4", fillvalue=-1.5)
        other.create_dataset("never_written", (1000,), "f8", chunks=(100,))
        file["named_type"] = np.dtype("<f4")
        file["named_type"].attrs["about"] = "a committed datatype"
        file["links/hard"] = file["model/zeta/bias"]
        file["links/soft"] = h5py.SoftLink("/model/zeta/weight")
        file["links/dangling"] = h5py.SoftLink("/nowhere")
        file["links/external"] = h5py.ExternalLink("elsewhere.h5", "/a/b")
        file["links/shared_weight"] = file["model/beta/weight"]

    def test_restored_file_has_the_structure_of_the_original(self):
        original = self.path("in.h5")
        self.write_input(original)
        palettized, restored = self.dense_again(original, "--preset", "w4")
        with h5py.File(palettized) as packed:
            groups = support.palettized_groups(packed)
            self.assertIn("/model/zeta/weight", groups)
            self.assertIn("/model/chunked/weight", groups)
            self.assertIn("palettized_shape", packed["model/beta/weight"].attrs)
            self.assertNotIn("/optimizer_weights/model/beta/weight", groups)
            self.assertEqual(packed["links/shared_weight"], packed["model/beta/weight"])
            self.assertEqual(packed["links/hard"], packed["model/zeta/bias"])
            self.assertEqual(packed["model/zeta/weight"].attrs["zz_note"], "kept")
            self.assertEqual([*packed["model"]], ["zeta", "beta", "omega", "alpha", "chunked"])
        with h5py.File(original) as one, h5py.File(restored) as other:
            self.compare(one, other, {*groups, "/links/shared_weight", "/model/beta/weight"})
            self.assertEqual(other["links/shared_weight"], other["model/beta/weight"])
            self.assertEqual(other["links/hard"], other["model/zeta/bias"])
        self.assertEqual(self.h5diff(original, restored, *groups, "/links/shared_weight", "/model/beta/weight",
                                     "/links/soft"), "")

    def test_root_attributes_of_the_format(self):
        original = self.path("in.h5")
        self.write_input(original)
        self.program("run", original, self.path("out.h5"), "--preset", "w4")
        with h5py.File(self.path("out.h5")) as packed:
            self.assertEqual(packed.attrs["h5palettize_format"], 1)
            self.assertEqual(packed.attrs["h5palettize_complete"], 1)
            self.assertIn("h5palettize_version", packed.attrs)
            self.assertIn("config", packed["h5palettize"])

    def test_restored_file_carries_no_trace(self):
        original = self.path("in.h5")
        self.write_input(original)
        _, restored = self.dense_again(original, "--preset", "w4")
        with h5py.File(restored) as dense:
            self.assertNotIn("h5palettize", dense)
            self.assertEqual([name for name in dense.attrs if "palettize" in name], [])

    def test_attributes_that_say_what_a_dataset_is_do_not_stay_on_the_group(self):
        """PyTables reads CLASS, netCDF reads what dimension scales have: on a group they would mislead."""
        original = self.path("in.h5")
        with h5py.File(original, "w", track_order=True) as file:
            weight = file.create_dataset("fc.weight", data=support.rng(9).standard_normal((32, 16)).astype("f4"))
            weight.attrs["CLASS"] = np.bytes_("ARRAY")
            weight.attrs["mine"] = 5
            weight.attrs["VERSION"] = np.bytes_("2.4")
            for name, size in (("rows", 32), ("columns", 16)):
                file[name] = np.arange(size)
                file[name].make_scale(name)
            weight.dims[0].attach_scale(file["rows"])
            weight.dims[1].attach_scale(file["columns"])
            names = list(weight.attrs)
            self.assertIn("DIMENSION_LIST", names)
        palettized, restored = self.dense_again(original, "--n-bits", "4")
        with h5py.File(palettized) as packed:
            self.assertEqual(packed.attrs["h5palettize_format"], 2)
            group = packed["fc.weight"]
            self.assertEqual(group.attrs["mine"], 5)
            self.assertEqual(group.attrs["palettized_attribute_CLASS"], b"ARRAY")
            for name in ("CLASS", "VERSION", "DIMENSION_LIST"):
                self.assertNotIn(name, group.attrs)
            self.assertEqual(packed[group.attrs["palettized_attribute_DIMENSION_LIST"][0][0]].name, "/rows")
        with h5py.File(restored) as dense:
            self.assertEqual(list(dense["fc.weight"].attrs), names)
            self.assertEqual(dense["fc.weight"].dims[1][0].name, "/columns")
        with h5py.File(palettized, "r+") as packed:
            packed["fc.weight"].attrs["palettized_attribute_CLASS"] = np.bytes_("VLARRAY")
        self.refused(support.CHECK_FAILED, [], "verify", original, palettized)

    def test_the_document_is_a_string_that_every_reader_knows(self):
        original = self.path("in.h5")
        for name, ascii_only in (("fc.weight", True), ("caf\u00e9.weight", False)):
            with h5py.File(original, "w") as file:
                file[name] = support.rng(9).standard_normal((32, 16)).astype("f4")
            self.program("run", original, self.path("out.h5"), "--force", "--n-bits", "4")
            with h5py.File(self.path("out.h5")) as packed:
                document = packed["h5palettize/config"]
                datatype = document.id.get_type()
                self.assertFalse(datatype.is_variable_str())
                self.assertEqual(datatype.get_cset() == h5py.h5t.CSET_ASCII, ascii_only)
                self.assertEqual(json.loads(document[()])["tensors"][0]["path"], "/" + name)

    def test_user_block_is_kept_byte_for_byte(self):
        original = self.path("in.h5")
        self.write_input(original)
        text = b"MATLAB 7.3 MAT-file, or what else a user block holds".ljust(512, b"\x07")
        with open(original, "r+b") as file:
            file.write(text)
        for path in (original, *self.dense_again(original, "--preset", "w4")):
            self.assertEqual(pathlib.Path(path).read_bytes()[:512], text)

    def test_skipped_tensors_keep_every_byte_and_their_chunks(self):
        original = self.path("in.h5")
        with h5py.File(original, "w") as file:
            values = support.rng(9).standard_normal((30, 7)).astype("f4")
            values[0, 0] = -0.0
            file.create_dataset("odd.weight", data=values, chunks=(7, 7), compression="gzip", shuffle=True)
            file["vector.weight"] = np.arange(32, dtype="f4")
            file["fits.weight"] = support.rng(9).standard_normal((32, 7)).astype("f4")
        palettized, restored = self.dense_again(original, "--granularity", "per_grouped_channel", "--group-size", "16")
        self.assertEqual(self.h5diff(original, restored, "/fits.weight"), "")
        for path in (palettized, restored):
            with h5py.File(original) as one, h5py.File(path) as other:
                for name in ("odd.weight", "vector.weight"):
                    self.assertEqual(storage_of(one[name]), storage_of(other[name]))
                for chunk in range(one["odd.weight"].id.get_num_chunks()):
                    offset = one["odd.weight"].id.get_chunk_info(chunk).chunk_offset
                    self.assertEqual(one["odd.weight"].id.read_direct_chunk(offset),
                                     other["odd.weight"].id.read_direct_chunk(offset))

    def test_types_come_back_as_they_were(self):
        original = self.path("in.h5")
        with h5py.File(original, "w") as file:
            for dtype in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "bfloat16", "bfloat16_bits", "bfloat16_opaque"):
                name = dtype.replace("<", "little_").replace(">", "big_")
                support.write_weights(file, f"{name}.weight", support.rng(2).standard_normal((16, 4)), dtype)
        palettized, restored = self.dense_again(original, "--preset", "w4", "--threads", "2")
        with h5py.File(original) as one, h5py.File(palettized) as packed, h5py.File(restored) as other:
            self.assertEqual(len(support.palettized_groups(packed)), 9)
            for name in one:
                self.assertEqual(storage_of(one[name]), storage_of(other[name]), name)
                self.assertEqual(attributes_of(one[name]), attributes_of(other[name]), name)

    def test_keras_file_keeps_what_keras_looks_for(self):
        original = self.path("keras.h5")
        subprocess.run([sys.executable, support.SOURCE_DIR / "scripts/make_example.py", "keras", original], check=True,
                       stdout=subprocess.DEVNULL)
        palettized, restored = self.dense_again(original, "--preset", "w4")
        with h5py.File(original) as one, h5py.File(palettized) as packed, h5py.File(restored) as other:
            for key in ("keras_version", "backend", "model_config"):
                self.assertEqual(one.attrs[key], packed.attrs[key])
                self.assertEqual(one.attrs[key], other.attrs[key])
            # The output channels of a Dense kernel are its last dimension.
            dense = packed["model_weights/dense_1/dense_1/kernel:0"]
            self.assertEqual(dense.attrs["output_channel_axis"], 1)
            self.assertEqual(dense.attrs["group_axis"], 1)
            self.assertEqual(dense["lut"].shape, (1, 16, 16, 1))
            convolution = packed["model_weights/conv2d_2/conv2d_2/kernel:0"]
            self.assertEqual(convolution.attrs["output_channel_axis"], 3)
            for layer in one["model_weights"].values():
                for name in layer.attrs["weight_names"] if "weight_names" in layer.attrs else ():
                    self.assertIn(name.decode(), layer)
            self.assertIsInstance(packed["optimizer_weights/Adam/dense_1/kernel/m:0"], h5py.Dataset)
            groups = support.palettized_groups(packed)
        self.assertEqual(self.h5diff(original, restored, *groups), "")


if __name__ == "__main__":
    unittest.main()
