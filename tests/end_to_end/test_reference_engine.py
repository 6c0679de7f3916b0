"""--engine reference against coreai_opt's arithmetic, written again here from its code: per-channel scales, groups, cast to
float16, round to decimals in float32, unique values with their counts, the exact optimum in double from prefix sums, LUT
quantization. Everything is the same wherever the optimum is unique."""

import itertools
import json
import unittest

import h5py
import numpy as np

import support

SEEDS = range(20)
N_BITS = (1, 2, 3, 4, 6, 8)
SHAPE = (24, 16)
FIELDS = ("weights", "weighted", "squares")


def upstream_values(weights, fast_mode, decimals):
    """The values that upstream clusters, with what they stand for."""
    flat = np.ravel(weights)
    if fast_mode:
        scale = 10**decimals
        flat = np.round(flat.astype(np.float16).astype(np.float32) * np.float32(scale)) / np.float32(scale)
    values, inverse, counts = np.unique(flat, return_inverse=True, return_counts=True)
    return values.astype(np.float64), inverse.ravel(), counts.astype(np.float64)


class Clustering:
    """All optima of one-dimensional k-means by dynamic programming over every split."""

    def __init__(self, values, counts, clusters):
        self.values, self.counts = values, counts
        self.clusters = min(clusters, len(values))
        prefix = [np.concatenate([[0.0], np.cumsum(terms)])
                  for terms in (counts, counts * values, counts * values * values)]
        weight, weighted, squares = (sums[None, 1:] - sums[:-1, None] for sums in prefix)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.cost = np.where(weight > 0, squares - weighted * weighted / weight, np.inf)  # [first, last]
        self.left = self.forward(self.cost)
        # From the right: the cheapest way to put last ... into c clusters.
        self.right = self.forward(self.cost[::-1, ::-1].T)

    def forward(self, cost):
        """[c][i]: the least cost of the points up to i in c + 1 clusters."""
        best = [cost[0]]
        for _ in range(1, self.clusters):
            before = np.concatenate([[np.inf], best[-1][:-1]])
            best.append((before[:, None] + cost).min(axis=0))
        return best

    def starts(self):
        """The first point of each cluster but the first, and whether no other partition costs the same."""
        optimum = self.left[-1][-1]
        # Far more than double's rounding of prefix sums can tell apart, far less than what matters.
        slack = 1e-12 * (self.counts * self.values * self.values).sum()
        starts, unique = [], True
        for c in range(1, self.clusters):
            right = self.right[self.clusters - c - 1][::-1]  # [first point]
            total = self.left[c - 1][:-1] + right[1:]
            starts.append(int(np.argmin(total)) + 1)
            unique = unique and np.count_nonzero(total <= optimum + slack) == 1
        return starts, unique


def upstream(weights, n_bits, fast_mode, decimals=4):
    """LUT, indices, and whether they are the only optimum."""
    values, inverse, counts = upstream_values(weights, fast_mode, decimals)
    starts, unique = Clustering(values, counts, 2**n_bits).starts()
    cluster_of = np.searchsorted(starts, np.arange(len(values)), side="right")
    clusters = len(starts) + 1
    lut = np.bincount(cluster_of, counts * values, clusters) / np.bincount(cluster_of, counts, clusters)
    lut = np.concatenate([lut, np.full(2**n_bits - clusters, lut[-1])])
    return lut.astype(weights.dtype), cluster_of[inverse].reshape(weights.shape), unique


def cast(values, dtype):
    """As torch casts: double to a 16-bit type by way of float32. bfloat16 is float32 here, rounded."""
    values = np.asarray(values)[()]
    if dtype == "bfloat16":
        return support.round_to_bfloat16(np.atleast_1d(values)).reshape(values.shape)[()]
    return values.astype(np.float32).astype(np.float16) if dtype == "f2" else values.astype(dtype)


def float8(values, dtype):
    """The nearest values of an FP8 type, ties to even. values: float32, within its range."""
    mantissa, least = (3, -6) if dtype == "float8_e4m3fn" else (2, -14)
    exponents = np.maximum(np.frexp(np.where(values == 0, 1, values))[1] - 1, least)
    step = np.ldexp(np.float64(1), exponents - mantissa)
    return (np.round(values.astype(np.float64) / step) * step).astype(np.float32)


FP8_MAX = {"float8_e4m3fn": 448.0, "float8_e5m2": 57344.0}
FP8_EXPONENT = {"float8_e4m3fn": 8, "float8_e5m2": 15}
EPS = np.float64(2.0**-23)


def lut_parameters(lut, dtype, qspec):
    """Scale and zero point of a block's LUT. Arithmetic is in the weights' type, or in float32 where both ends are given."""
    low, high = qspec.get("float_range", [None, None])
    computed = lut.astype(np.float32) if dtype == "bfloat16" else lut
    type_ = "f4" if low is not None and high is not None else dtype

    def end(value, found, clamp):
        return np.float32(value) if value is not None else clamp(found, 0)
    low, high = end(low, computed.min(), np.minimum), end(high, computed.max(), np.maximum)
    lut_dtype, scheme = qspec["dtype"], qspec.get("qscheme", "symmetric")
    if qspec.get("scale_dtype"):
        largest = np.float32(max(abs(np.float32(low)), abs(np.float32(high))))
        exponent = (int(largest.view(np.uint32)) >> 23 & 0xFF) - 127 - FP8_EXPONENT[lut_dtype]
        return np.float32(max(2.0 ** max(min(exponent, 128), -127), 2.0**-126)), None
    wide = np.float64 if type_ == "f8" else np.float32

    def divided(a, b):
        return cast(wide(a) / wide(b), type_)

    def clamped(scale):
        return cast(max(np.float64(scale), EPS), type_)

    largest = max(abs(low), abs(high))
    if lut_dtype in FP8_MAX:
        return clamped(divided(largest, FP8_MAX[lut_dtype])), None
    quant_min, quant_max = (0, 255) if lut_dtype == "uint8" else (-127 if scheme == "symmetric_with_clipping" else -128, 127)
    if scheme == "asymmetric":
        scale = clamped(divided(cast(wide(high) - wide(low), type_), 255.0))
        point = quant_min - np.round(divided(low, scale)).astype(np.float64)
        return scale, int(np.clip(point, quant_min, quant_max))
    return clamped(divided(largest, (quant_max - quant_min) / 2)), int((quant_max + quant_min + 1) / 2)


def quantized(lut, dtype, qspec):
    """The LUT of a block dequantized, its quantized values, scale and zero point."""
    scale, point = lut_parameters(lut, dtype, qspec)
    # float32 against a scale of float64 is float64, against all others float32.
    wide = np.float64 if dtype == "f8" and scale.dtype == np.float64 else np.float32
    ratios = lut.astype(np.float32).astype(wide) / wide(scale)
    if point is None:
        most = FP8_MAX[qspec["dtype"]]
        steps = float8(np.clip(ratios, -most, most).astype(np.float32), qspec["dtype"])
        return cast(steps.astype(wide) * wide(scale), dtype), steps, scale, None
    quant_min, quant_max = (0, 255) if qspec["dtype"] == "uint8" else (
        -127 if qspec.get("qscheme") == "symmetric_with_clipping" else -128, 127)
    steps = np.clip(np.round(ratios) + wide(point), quant_min, quant_max).astype(np.float32)
    return cast((steps - np.float32(point)).astype(wide) * wide(scale), dtype), steps, scale, point


def as_matrix(weights, axis):
    """The points to cluster: output channels x the rest, or the rest x input channels."""
    if axis == 0:
        return weights.reshape(len(weights), -1)
    inputs = weights.shape[1]
    return np.swapaxes(weights, 0, 1).reshape(inputs, -1).T


def as_tensor(matrix, shape, axis):
    if axis == 0:
        return matrix.reshape(shape)
    return np.swapaxes(matrix.T.reshape((shape[1], shape[0]) + tuple(shape[2:])), 0, 1)


def running_mean(values, counts):
    mean, count = 0.0, 0.0
    for value, own in zip(values.tolist(), counts.tolist()):
        count += own
        mean += (value - mean) * own / count
    return mean


def scalar_block(block, dtype, spec):
    """LUT and clusters of a block, and whether no others are as good."""
    values = block.ravel()
    merged = dtype == "f2" or (spec["fast"] and np.abs(values.astype(np.float64)).max() <= np.finfo(np.float16).max)
    values, inverse, counts = upstream_values(values, spec["fast"] and merged, spec["decimals"])
    starts, unique = Clustering(values, counts, 2**spec["n_bits"]).starts()
    cluster_of = np.searchsorted(starts, np.arange(len(values)), side="right")
    cluster_found = cluster_of[inverse]
    clusters = len(starts) + 1
    if not merged:  # the mean takes up every weight by itself
        cluster_of = np.repeat(cluster_of, counts.astype(int))
        values, counts = np.repeat(values, counts.astype(int)), np.ones(block.size)
    lut = [running_mean(values[cluster_of == c], counts[cluster_of == c]) for c in range(clusters)]
    return np.array(lut), cluster_found.reshape(block.shape), unique


def vector_block(block, spec):
    """The same for at most 2**n_bits different vectors: these are the LUT, in any order."""
    vectors = block.T.reshape(-1, spec["cluster_dim"])
    lut, inverse = np.unique(vectors, axis=0, return_inverse=True)
    clusters = inverse.ravel().reshape(block.shape[1], -1).T
    return lut, clusters, len(lut) <= 2**spec["n_bits"]


def restated(weights, dtype, spec):
    """Decoded weights, LUT blocks with their quantization, and whether coreai_opt can give nothing else."""
    rows = weights.reshape(len(weights), -1)
    scales = None
    if spec["per_channel_scale"]:
        scales = np.abs(rows).max(axis=1, keepdims=True)
        scales[scales == 0] = 1
        wide = np.float64 if dtype == "f8" else np.float32
        rows = cast(rows.astype(wide) / scales.astype(wide), dtype)
    axis = spec["axis"] or 0
    matrix = as_matrix(rows.reshape(weights.shape), axis)
    size = spec["group_size"] or matrix.shape[axis]
    decoded, blocks, unique = [], [], True
    for begin in range(0, matrix.shape[axis], size):
        block = matrix[begin:begin + size] if axis == 0 else matrix[:, begin:begin + size]
        lut, clusters, own = (scalar_block(block, dtype, spec) if spec["cluster_dim"] == 1 else vector_block(block, spec))
        unique = unique and own
        lut, parts = cast(lut, dtype), ()
        if spec["lut"]:
            lut, *parts = quantized(lut, dtype, spec["lut"])
        blocks.append((lut, *parts))
        found = lut[clusters]
        decoded.append(found if spec["cluster_dim"] == 1 else np.swapaxes(found, 1, 2).reshape(block.shape))
    result = as_tensor(np.concatenate(decoded, axis=axis), weights.shape, axis)
    if scales is not None:
        wide = np.float64 if dtype == "f8" else np.float32
        result = cast(result.reshape(len(weights), -1).astype(wide) * scales.astype(wide), dtype).reshape(weights.shape)
    return result, blocks, unique


DTYPES = ("f2", "bfloat16", "f4", "f8")


def sampled_spec(random, dtype):
    """A specification that coreai_opt takes for weights of this type."""
    def one_of(*values):
        return values[random.integers(len(values))]
    spec = {"n_bits": one_of(1, 2, 3, 4, 6, 8), "axis": one_of(None, None, 0, 1), "group_size": None, "cluster_dim": 1,
            "per_channel_scale": bool(one_of(0, 1)), "fast": bool(one_of(0, 1)), "decimals": one_of(2, 4, 4, 6), "lut": None,
            "shape": one_of((12, 16), (16, 8), (8, 6, 2, 2), (8, 4, 3)), "deviation": one_of(0.002, 0.05, 1, 30, 1e3)}
    if spec["axis"] is not None:
        channels = spec["shape"][spec["axis"]]
        spec["group_size"] = one_of(*(size for size in (1, 2, 4, 8) if channels % size == 0))
    vector_group = spec["group_size"] if spec["axis"] == 0 else spec["shape"][0]
    # Along input channels vectors of convolutions are documented in another way than they are coded.
    if random.integers(4) == 0 and vector_group % 2 == 0 and (spec["axis"] != 1 or len(spec["shape"]) == 2):
        spec.update(cluster_dim=2, fast=False)
    if random.integers(5) > 0:
        lut = {"dtype": one_of("int8", "uint8", "float8_e4m3fn", "float8_e5m2")}
        if lut["dtype"] in FP8_MAX:
            if random.integers(2):
                lut["scale_dtype"] = "float8_e8m0fnu"
        else:
            lut["qscheme"] = one_of("symmetric", "symmetric_with_clipping", "asymmetric", "asymmetric")
        both = [-round(random.uniform(0.1, 2) * spec["deviation"], 6), round(random.uniform(0.1, 2) * spec["deviation"], 6)]
        ranges = [None, both]
        if dtype == "f4" or "scale_dtype" in lut:  # coreai_opt fails with one end where types differ
            ranges += [[both[0], None], [None, both[1]]]
        chosen = ranges[random.integers(len(ranges))]
        if chosen:
            lut["float_range"] = chosen
        spec["lut"] = lut
    return spec


def sampled_weights(random, dtype, spec):
    weights = random.standard_normal(spec["shape"]) * spec["deviation"]
    if random.integers(6) == 0:
        weights = np.abs(weights)
    if random.integers(8) == 0:
        weights[1] = 0
    if dtype in ("f4", "f8") and random.integers(10) == 0:
        weights *= 1e4  # beyond float16
    if spec["cluster_dim"] > 1:  # few different vectors in each group, each 2**m times, so that their means are exact
        matrix = as_matrix(weights, spec["axis"] or 0)
        matrix[:] = np.tile(matrix[:2, :1], (len(matrix) // 2, matrix.shape[1]))
        if spec["n_bits"] > 1 and not spec["per_channel_scale"]:
            matrix[:, matrix.shape[1] // 2:] *= 1.37
        weights = as_tensor(matrix, spec["shape"], spec["axis"] or 0)
    return cast(weights, dtype)


def spec_fields(spec):
    fields = {"n_bits": int(spec["n_bits"]), "cluster_dim": spec["cluster_dim"],
              "enable_per_channel_scale": spec["per_channel_scale"], "lut_qspec": spec["lut"]}
    if spec["axis"] is not None:
        fields["granularity"] = {"type": "per_grouped_channel", "axis": spec["axis"], "group_size": spec["group_size"]}
    return fields


class ReferenceEngine(support.Case):
    def weights(self, seed, dtype):
        """Small weights, where rounding to decimals flattens, large ones, and in between."""
        deviation = (0.002, 0.02, 0.3, 2.0)[seed % 4]
        return (support.rng(seed).standard_normal(SHAPE) * deviation).astype(dtype)

    def check(self, dtype, n_bits, fast_mode, decimals=4):
        path, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(path, "w") as file:
            for seed in SEEDS:
                file[f"layer{seed}.weight"] = self.weights(seed, dtype)
        config = self.write_text("config.yaml", f"""
kmeans_palettization_config:
  global_config:
    enable_fast_kmeans_mode: {str(fast_mode).lower()}
    rounding_precision: {decimals}
    op_state_spec:
      weight: {{n_bits: {n_bits}}}
""")
        self.program("run", path, palettized, "--config", config, "--engine", "reference", "--force")
        compared = 0
        with h5py.File(palettized) as file:
            for seed in SEEDS:
                group = file[f"layer{seed}.weight"]
                lut, indices, unique = upstream(self.weights(seed, dtype), n_bits, fast_mode, decimals)
                if not unique:
                    continue
                compared += 1
                with self.subTest(dtype=dtype, n_bits=n_bits, fast_mode=fast_mode, decimals=decimals, seed=seed):
                    np.testing.assert_array_equal(group["indices"][()], indices)
                    np.testing.assert_allclose(group["lut"][()].ravel().astype(np.float64), lut.astype(np.float64),
                                               rtol=2e-3 if dtype == "f2" else 1e-6, atol=1e-9)
        return compared

    def test_indices_are_upstreams(self):
        for dtype, fast_mode in itertools.product(("f2", "f4"), (True, False)):
            compared = [self.check(dtype, n_bits, fast_mode) for n_bits in N_BITS]
            print(f"{dtype}, fast mode {fast_mode}: {compared} of {len(SEEDS)} compared at {N_BITS} bits")
            # Few rounded values in many clusters make ties; elsewhere they are rare.
            self.assertGreaterEqual(min(compared[:4]), len(SEEDS) - 2)
            self.assertGreaterEqual(min(compared), 3)

    def test_other_decimals(self):
        for decimals in (2, 3, 6):
            self.assertGreater(self.check("f4", 3, True, decimals), 0)

    def check_blocks(self, group, blocks, spec):
        """The LUT of each block as stored, and what it was quantized to. The order of vectors in a LUT is free."""
        def stored(name, number):
            return support.dense_values(group[name]).reshape(len(blocks), -1)[number]
        for number, (lut, *parts) in enumerate(blocks):
            if spec["cluster_dim"] == 1:
                np.testing.assert_array_equal(stored("lut", number)[:len(lut)].astype(np.float64), lut.astype(np.float64))
            if not parts:
                continue
            steps, scale, point = parts
            self.assertEqual(float(stored("lut_quantization_scale", number)[0]), float(scale))
            if point is None:
                continue
            self.assertEqual(stored("lut_quantization_zero_point", number)[0], point)
            if spec["cluster_dim"] == 1:
                np.testing.assert_array_equal(stored("quantized_lut", number)[:len(steps)], steps)

    def test_everything_is_coreai_opts(self):
        """A grid of specifications and tensors, sampled."""
        samples = 2000
        tensors, rules = {}, {}
        path, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(path, "w") as file:
            for number in range(samples):
                random = support.rng(1000 + number)
                dtype = DTYPES[number % len(DTYPES)]
                spec = sampled_spec(random, dtype)
                weights = sampled_weights(random, dtype, spec)
                support.write_weights(file, f"layer{number}.weight", weights, dtype)
                tensors[number] = dtype, spec, weights
                rules[f"layer{number}"] = {"enable_fast_kmeans_mode": spec["fast"], "rounding_precision": spec["decimals"],
                                           "op_state_spec": {"weight": spec_fields(spec)}}
        config = self.write_text("config.json", json.dumps({"kmeans_palettization_config": {
            "global_config": None, "module_name_configs": rules}}))
        self.program("run", path, palettized, "--config", config, "--engine", "reference")
        compared = {dtype: 0 for dtype in DTYPES}
        with h5py.File(palettized) as file:
            for number, (dtype, spec, weights) in tensors.items():
                decoded, blocks, unique = restated(weights, dtype, spec)
                if not unique:
                    continue
                compared[dtype] += 1
                with self.subTest(number=number, dtype=dtype, **spec):
                    group = file[f"layer{number}.weight"]
                    self.check_blocks(group, blocks, spec)
                    np.testing.assert_array_equal(support.decode(group).astype(np.float64), decoded.astype(np.float64))
        print(f"compared of {samples // len(DTYPES)} each: {compared}")
        self.assertGreater(min(compared.values()), 0.9 * samples / len(DTYPES))

    def test_rounding_matters_here(self):
        """The comparison would be empty where both modes gave the same."""
        for seed in (0, 1):
            _, rounded, _ = upstream(self.weights(seed, "f4"), 4, True)
            _, plain, _ = upstream(self.weights(seed, "f4"), 4, False)
            self.assertFalse(np.array_equal(rounded, plain))


if __name__ == "__main__":
    unittest.main()
