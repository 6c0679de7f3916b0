"""--engine reference against coreai_opt's scalar path, written again here from its description: cast to float16, round to
decimals in float32, unique values with their counts, the exact optimum in double from prefix sums. Indices are the same
wherever the optimum is unique."""

import itertools
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
    flat = weights.ravel()
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

    def test_rounding_matters_here(self):
        """The comparison would be empty where both modes gave the same."""
        for seed in (0, 1):
            _, rounded, _ = upstream(self.weights(seed, "f4"), 4, True)
            _, plain, _ = upstream(self.weights(seed, "f4"), 4, False)
            self.assertFalse(np.array_equal(rounded, plain))


if __name__ == "__main__":
    unittest.main()
