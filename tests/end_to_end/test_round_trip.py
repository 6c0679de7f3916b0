"""Every combination of dtype, bits, granularity, cluster_dim, LUT type and per-channel scale, in both layouts: what numpy
decodes, what `restore` writes and what the members hold agree, bit for bit.

All combinations of a layout are one file: module s0123 is specification 123, with a tensor for each of two dtypes below it."""

import itertools
import json
import unittest

import h5py
import numpy as np

import support
from support import bits

N_BITS = (1, 2, 3, 4, 6, 8)
GRANULARITIES = ({"type": "per_tensor"},
                 {"type": "per_grouped_channel", "axis": 0, "group_size": 8},
                 {"type": "per_grouped_channel", "axis": 1, "group_size": 2})
CLUSTER_DIMS = (1, 2, 4)
LUTS = (None,
        *({"dtype": dtype, "qscheme": qscheme} for dtype in ("int8", "uint8")
          for qscheme in ("symmetric", "symmetric_with_clipping", "asymmetric")),
        {"dtype": "float8_e4m3fn", "qscheme": "symmetric"},
        {"dtype": "float8_e5m2", "qscheme": "symmetric"},
        {"dtype": "float8_e4m3fn", "qscheme": "symmetric", "scale_dtype": "float8_e8m0fnu"},
        {"dtype": "float8_e5m2", "qscheme": "symmetric", "scale_dtype": "float8_e8m0fnu"})
DTYPES = ("float16", "bfloat16", "float32", "float64")
# Output channels first; a Keras file holds the reverse order.
TORCH_SHAPES = ((64, 48), (16, 4, 5), (32, 12, 3, 3), (16, 4, 2, 2, 3))  # few indices, and many
VECTOR_SHAPES = ((32, 24), (16, 4, 5), (16, 6, 3, 3), (16, 4, 2, 2, 3))  # vectors take longer


def specs():
    for n_bits, granularity, cluster_dim, scale, lut in itertools.product(
            N_BITS, GRANULARITIES, CLUSTER_DIMS, (False, True), LUTS):
        yield {"n_bits": n_bits, "granularity": granularity, "cluster_dim": cluster_dim,
               "enable_per_channel_scale": scale, "lut_qspec": lut}


def dtypes_of(number, layout):
    """Half of them in one layout and half in the other, so that each specification meets each once."""
    return DTYPES[(number + (layout == "keras")) % 2::2]


def float8_values(dtype):
    """The value of each of the 256 bytes."""
    mantissa_bits, bias = (3, 7) if dtype == "float8_e4m3fn" else (2, 15)
    byte = np.arange(256)
    exponent = (byte & 0x7F) >> mantissa_bits
    fraction = (byte & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    value = np.where(exponent == 0, fraction * 2.0 ** (1 - bias), (1 + fraction) * 2.0 ** (exponent - float(bias)))
    return np.where(byte & 0x80, -value, value)


class RoundTrip(support.Case):
    def write_input(self, path, layout):
        with h5py.File(path, "w") as file:
            if layout == "keras":
                file.attrs["keras_version"] = "2.14.0"
                file.attrs["backend"] = "tensorflow"
            for number, spec in enumerate(specs()):
                group = file.create_group(f"s{number:04d}")
                for tensor, dtype in enumerate(dtypes_of(number, layout)):
                    shapes = TORCH_SHAPES if spec["cluster_dim"] == 1 else VECTOR_SHAPES
                    shape = shapes[(number // 2 + tensor) % len(shapes)]
                    shape = shape if layout == "torch" else shape[::-1]
                    values = support.rng(number * 8 + tensor).standard_normal(shape) * 0.1
                    if spec["enable_per_channel_scale"]:
                        values[(0,) if layout == "torch" else (..., 0)] = 0  # a channel of zeros
                    support.write_weights(group.create_group(dtype), "weight" if layout == "torch" else "kernel",
                                          values, dtype)

    def write_config(self):
        rules = {f"s{number:04d}": {"op_state_spec": {"weight": spec, "kernel": spec}}
                 for number, spec in enumerate(specs())}
        return self.write_text("config.json", json.dumps({
            "kmeans_palettization_config": {"global_config": None, "module_name_configs": rules}}))

    def check_members(self, group, spec, layout, original):
        shape = tuple(group.attrs["palettized_shape"])
        rank = len(shape)
        out = 0 if layout == "torch" else rank - 1
        grouped = spec["granularity"]["type"] == "per_grouped_channel"
        group_axis = -1
        if grouped:
            logical = spec["granularity"]["axis"]
            group_axis = logical if layout == "torch" else rank - 1 - logical
        group_size = spec["granularity"].get("group_size", 0)
        self.assertEqual(shape, original.shape)
        self.assertEqual(group.attrs["output_channel_axis"], out)
        self.assertEqual(group.attrs["group_axis"], group_axis)
        self.assertEqual(group.attrs["group_size"], group_size)

        indices, lut = group["indices"], group["lut"]
        index_shape = list(shape)
        index_shape[out] //= spec["cluster_dim"]
        self.assertEqual(indices.shape, tuple(index_shape))
        self.assertEqual(indices.dtype, np.uint8)
        self.assertEqual(indices.id.get_type().get_precision(), spec["n_bits"])
        properties = indices.id.get_create_plist()
        filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
        few = indices.size <= 2048
        self.assertEqual(properties.get_layout(), h5py.h5d.COMPACT if few else h5py.h5d.CHUNKED)
        self.assertEqual(filters, [] if few or spec["n_bits"] == 8 else [h5py.h5z.FILTER_NBIT])

        lut_shape = [1] * rank + [2 ** spec["n_bits"], spec["cluster_dim"]]
        if grouped:
            lut_shape[group_axis] = shape[group_axis] // group_size
        self.assertEqual(lut.shape, tuple(lut_shape))
        self.assertEqual(lut.id.get_type(), original.id.get_type())
        self.check_scale(group, spec, out, original)
        if spec["lut_qspec"]:
            self.check_quantized_lut(group, spec["lut_qspec"])
        else:
            self.assertNotIn("quantized_lut", group)

    def check_scale(self, group, spec, out, original):
        if not spec["enable_per_channel_scale"]:
            self.assertNotIn("per_channel_scale", group)
            return
        values = support.dense_values(original)
        others = tuple(axis for axis in range(values.ndim) if axis != out)
        expected = np.abs(values).max(axis=others, keepdims=True)
        expected[expected == 0] = 1
        np.testing.assert_array_equal(support.dense_values(group["per_channel_scale"]), expected)

    def check_quantized_lut(self, group, qspec):
        wide = np.float64 if group.attrs["palettized_dtype"] == "float64" else np.float32
        quantized = group["quantized_lut"]
        scale = support.dense_values(group["lut_quantization_scale"])
        last_two_one = (*group["lut"].shape[:-2], 1, 1)
        self.assertEqual(quantized.shape, group["lut"].shape)
        expected_type = h5py.h5t.IEEE_F32LE if "scale_dtype" in qspec else group["lut"].id.get_type()
        self.assertEqual(group["lut_quantization_scale"].id.get_type(), expected_type)
        self.assertEqual(scale.shape, last_two_one)
        if qspec["dtype"].startswith("float8"):
            self.assertEqual(quantized.dtype, np.uint8)
            name = quantized.attrs["dtype"]
            self.assertEqual(name.decode() if isinstance(name, bytes) else name, qspec["dtype"])
            self.assertNotIn("lut_quantization_zero_point", group)
            if "scale_dtype" in qspec:
                self.assertEqual(group["lut_quantization_scale"].dtype, np.float32)
                self.assertTrue((np.frexp(scale)[0] == 0.5).all())
            steps = float8_values(qspec["dtype"])[quantized[()]].astype(wide)
        else:
            self.assertEqual(quantized.dtype, np.dtype(qspec["dtype"]))
            self.assertEqual(group["lut_quantization_zero_point"].shape, last_two_one)
            self.assertEqual(group["lut_quantization_zero_point"].dtype, np.dtype(qspec["dtype"]))
            steps = quantized[()].astype(wide) - group["lut_quantization_zero_point"][()].astype(wide)
        dequantized = steps * scale.astype(wide)
        stored = support.dense_values(group["lut"])
        if group.attrs["palettized_dtype"] == "bfloat16":
            dequantized = support.round_to_bfloat16(dequantized)
        np.testing.assert_array_equal(dequantized.astype(stored.dtype), stored)

    def check_nearest(self, group, original):
        """Scalar palettes: no other LUT entry is nearer than the chosen one."""
        values = support.dense_values(original)
        if "per_channel_scale" in group:
            values = values / support.dense_values(group["per_channel_scale"])
            if group.attrs["palettized_dtype"] == "bfloat16":
                values = support.round_to_bfloat16(values)
        lut = support.dense_values(group["lut"]).astype(np.float64)[..., 0]
        per_weight = lut
        if group.attrs["group_axis"] >= 0:
            per_weight = np.repeat(lut, group.attrs["group_size"], axis=group.attrs["group_axis"])
        distance = np.abs(values[..., None].astype(np.float64) - per_weight)
        chosen = np.take_along_axis(distance, group["indices"][()][..., None].astype(np.int64), axis=-1)[..., 0]
        np.testing.assert_array_equal(chosen, distance.min(axis=-1))

    def check_layout(self, layout):
        original = self.path("in.h5")
        self.write_input(original, layout)
        palettized, restored = self.dense_again(original, "--config", self.write_config(), "--layout", layout)
        state = "weight" if layout == "torch" else "kernel"
        with h5py.File(original) as source, h5py.File(palettized) as packed, h5py.File(restored) as dense:
            for number, spec in enumerate(specs()):
                for dtype in dtypes_of(number, layout):
                    path = f"/s{number:04d}/{dtype}/{state}"
                    with self.subTest(path=path, spec=spec, layout=layout):
                        self.check_members(packed[path], spec, layout, source[path])
                        np.testing.assert_array_equal(bits(support.decode(packed[path])),
                                                      bits(support.dense_values(dense[path])))
                        self.assertEqual(dense[path].id.get_type(), source[path].id.get_type())
                        if spec["cluster_dim"] == 1:
                            self.check_nearest(packed[path], source[path])

    def test_every_combination_in_torch_layout(self):
        self.check_layout("torch")

    def test_every_combination_in_keras_layout(self):
        self.check_layout("keras")

    def test_values_that_fit_the_palette_come_back_exactly(self):
        original = self.path("in.h5")
        with h5py.File(original, "w") as file:
            for rank in range(1, 6):
                for dtype in (*DTYPES, "bfloat16_bits", "bfloat16_opaque", ">f2", ">f4", ">f8"):
                    shape = (8, 4, 3, 2, 2)[:rank]
                    values = support.rng(rank).choice([-2.5, -1, 0, 0.125], shape)
                    group = file.create_group(f"r{rank}/{dtype.replace('>', 'big_')}")
                    support.write_weights(group, "weight", values, dtype)
        palettized, restored = self.dense_again(original, "--n-bits", "2", "--include", ".*")
        self.assertEqual(self.h5diff(original, restored), "")
        with h5py.File(palettized) as packed:
            self.assertEqual(len(support.palettized_groups(packed)), 5 * 9)

    def test_scales_of_a_lut_are_stored_as_the_lut_is(self):
        """In every form of the weights' type, byte order and bfloat16's bit patterns included; e8m0 scales are float32."""
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            for dtype in (*DTYPES, "bfloat16_bits", "bfloat16_opaque", ">f2", ">f4", ">f8"):
                values = support.rng(1).standard_normal((8, 4))
                support.write_weights(file.create_group(dtype.replace(">", "big_")), "weight", values, dtype)
        for options in (["--lut-dtype", "int8"], ["--lut-dtype", "float8_e4m3fn"],
                        ["--lut-dtype", "float8_e4m3fn", "--lut-scale-dtype", "float8_e8m0fnu"]):
            self.program("run", original, palettized, "--n-bits", "2", "--force", *options)
            with h5py.File(palettized) as packed:
                self.assertEqual(len(support.palettized_groups(packed)), len(DTYPES) + 5)
                for path in support.palettized_groups(packed):
                    with self.subTest(path=path, options=options):
                        lut, scale = packed[path]["lut"], packed[path]["lut_quantization_scale"]
                        if "--lut-scale-dtype" in options:
                            self.assertEqual(scale.id.get_type(), h5py.h5t.IEEE_F32LE)
                            continue
                        self.assertEqual(scale.id.get_type(), lut.id.get_type())
                        self.assertEqual(support.is_bfloat16(scale), support.is_bfloat16(lut))

    def test_cluster_dims_up_to_eight(self):
        for cluster_dim in range(1, 9):
            with self.subTest(cluster_dim=cluster_dim):
                original, palettized, restored = (self.path(name) for name in ("in.h5", "out.h5", "back.h5"))
                output_channels = 6 * cluster_dim
                with h5py.File(original, "w") as file:
                    file["m.weight"] = support.rng(cluster_dim).standard_normal((output_channels, 5, 3)).astype("f4")
                self.program("run", original, palettized, "--n-bits", "4", "--cluster-dim", str(cluster_dim), "--force")
                self.program("restore", palettized, restored, "--force")
                with h5py.File(palettized) as packed, h5py.File(restored) as dense:
                    group = packed["m.weight"]
                    self.assertEqual(group["indices"].shape, (6, 5, 3))
                    np.testing.assert_array_equal(bits(support.decode(group)), bits(dense["m.weight"][()]))


class PalettizedAlready(support.Case):
    def test_at_most_2_to_the_n_values_come_out_bit_for_bit(self):
        """Values far apart, and values one step apart, whose middle is no value of the dtype."""
        random = support.rng(1)
        for n_bits in N_BITS:
            tensors = {}
            for dtype in ("f2", "f4", "f8"):
                far = random.permutation(np.arange(1, 257))[:1 << n_bits] * np.array(0.37, dtype) - np.array(31, dtype)
                close = 1 + np.arange(1 << n_bits) * np.finfo(dtype).eps
                for name, values in (("far", far), ("close", close)):
                    tensors[f"{dtype}_{name}/weight"] = random.choice(values.astype(dtype), (64, 512))
            if n_bits < 8:  # bfloat16 has 128 values from 1 to 2
                close = np.arange(0x3F80, 0x3F80 + (1 << n_bits), dtype="<u2")
                tensors["bfloat16/weight"] = random.choice(close, (64, 512))
            groups = ((), ("--granularity", "per_grouped_channel", "--group-size", "16"))
            for engine, group in itertools.product(("fast", "exact"), groups):
                with self.subTest(n_bits=n_bits, engine=engine, group=group):
                    original = self.path(f"{n_bits}-{engine}-{len(group)}.h5")
                    with h5py.File(original, "w") as file:
                        for name, values in tensors.items():
                            file[name] = values
                            if values.dtype == "<u2":
                                file[name].attrs["dtype"] = "bfloat16"
                    palettized, restored = self.dense_again(original, "--n-bits", str(n_bits), "--engine", engine, *group)
                    with h5py.File(palettized) as file:
                        self.assertTrue(all(isinstance(file[name], h5py.Group) for name in tensors))
                    self.assertEqual(self.h5diff(original, restored), "")
                    with h5py.File(restored) as file:
                        for name, values in tensors.items():
                            self.assertEqual(file[name][:].tobytes(), values.tobytes(), name)


if __name__ == "__main__":
    unittest.main()
