"""Channels that are several dimensions: attention and depthwise kernels. The same numbers with the dimensions merged are the reference."""

import unittest

import h5py
import numpy as np

import support
from support import bits

GROUPED = ("--granularity", "per_grouped_channel")
SPECS = (("--n-bits", "3"),
         ("--n-bits", "2", "--per-channel-scale"),
         (*GROUPED, "--n-bits", "2", "--axis", "0", "--group-size", "4"),
         (*GROUPED, "--n-bits", "2", "--axis", "0", "--group-size", "5", "--partial-groups", "allow"),
         (*GROUPED, "--n-bits", "2", "--axis", "0", "--group-size", "8", "--cluster-dim", "2", "--per-channel-scale"),
         (*GROUPED, "--n-bits", "2", "--axis", "1", "--group-size", "3", "--partial-groups", "allow"),
         (*GROUPED, "--n-bits", "1", "--axis", "1", "--group-size", "2", "--cluster-dim", "2", "--lut-dtype", "int8"))


class Channels(support.Case):
    def check(self, path, shape, merged, *others, specs=SPECS):
        """Palettizes a tensor, and the same values in the shape `merged` as a Dense or Conv2D kernel."""
        values = support.rng(len(shape)).standard_normal(shape).astype("f4")
        with h5py.File(self.path("in.h5"), "w") as file:
            file[path] = values
            for name, size in others:
                file[name] = np.zeros(size, "f4")
        kind = "dense" if len(merged) == 2 else "conv2d"
        with h5py.File(self.path("merged.h5"), "w") as file:
            file[f"layers/{kind}/vars/0"] = values.reshape(merged)
        for spec in specs:
            with self.subTest(path=path, spec=spec):
                for name in ("in", "merged"):
                    self.program("run", self.path(f"{name}.h5"), self.path(f"{name}.out.h5"), "--force", "--seed", "0", *spec)
                self.program("verify", self.path("in.h5"), self.path("in.out.h5"))
                self.program("restore", self.path("in.out.h5"), self.path("in.back.h5"), "--force")
                with h5py.File(self.path("in.out.h5")) as one, h5py.File(self.path("merged.out.h5")) as other, \
                        h5py.File(self.path("in.back.h5")) as dense:
                    self.assertEqual(one.attrs["h5palettize_format"], 2)
                    decoded = support.decode(one[path])
                    self.assertEqual(decoded.shape, tuple(shape))
                    np.testing.assert_array_equal(bits(decoded), bits(dense[path][()]))
                    if "--cluster-dim" not in spec:  # whose seed is the path
                        np.testing.assert_array_equal(bits(decoded.reshape(merged)), bits(support.decode(other[f"layers/{kind}/vars/0"])))

    def test_heads_of_attention_are_output_channels(self):
        self.check("layers/multi_head_attention/query_dense/vars/0", (12, 4, 8), (12, 32))
        self.check("layers/mine/vars/0", (12, 4, 8), (12, 32), ("layers/mine/vars/1", (4, 8)))

    def test_heads_are_input_channels_of_what_ends_them(self):
        self.check("layers/multi_head_attention/output_dense/vars/0", (4, 8, 12), (32, 12), specs=SPECS[5:])

    def test_depthwise_kernels_have_in_by_multiplier_channels(self):
        self.check("layers/depthwise_conv2d/vars/0", (3, 3, 6, 4), (3, 3, 1, 24), specs=SPECS[:5])

    def test_scales_are_one_for_each_channel(self):
        self.check("layers/multi_head_attention/key_dense/vars/0", (12, 4, 8), (12, 32), specs=SPECS[1:2])
        with h5py.File(self.path("in.out.h5")) as file:
            scale = file["layers/multi_head_attention/key_dense/vars/0/per_channel_scale"]
            self.assertEqual(scale.shape, (1, 4, 8))
            self.assertEqual(int(file["layers/multi_head_attention/key_dense/vars/0"].attrs["output_channel_dims"]), 2)

    def test_damaged_dims_are_an_error(self):
        path = "layers/multi_head_attention/query_dense/vars/0"
        for name, value in (("output_channel_dims", 3), ("output_channel_dims", 1), ("output_channel_dims", -1), ("group_dims", 3),
                            ("group_dims", 2**40)):
            self.check(path, (12, 4, 8), (12, 32), specs=SPECS[2:3])
            with h5py.File(self.path("in.out.h5"), "r+") as file:
                file[path].attrs[name] = value
            with self.subTest(name=name, value=value):
                self.refused(support.INPUT, [name], "restore", self.path("in.out.h5"), self.path("x.h5"))

    def test_shards_and_one_process_make_the_same_bytes(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            for layer in range(3):
                file[f"layers/multi_head_attention_{layer}/query_dense/vars/0"] = support.rng(layer).standard_normal((256, 8, 64)).astype("f4")
                file[f"layers/multi_head_attention_{layer}/output_dense/vars/0"] = support.rng(layer).standard_normal((8, 64, 256)).astype("f4")
        for spec in (SPECS[2], SPECS[5]):
            self.program("run", self.path("in.h5"), self.path("whole.h5"), "--force", *spec)
            for part in range(3):
                self.program("run", self.path("in.h5"), self.path(f"{part}.h5"), "--force", "--shard", f"{part}/3", *spec)
            self.program("merge", self.path("merged.h5"), *(self.path(f"{part}.h5") for part in range(3)), "--force")
            self.assertEqual(support.sha256(self.path("merged.h5")), support.sha256(self.path("whole.h5")))


if __name__ == "__main__":
    unittest.main()
