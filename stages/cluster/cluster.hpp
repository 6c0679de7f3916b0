// Clustering: weighted points in, a palette out. Scalar engines work on one-dimensional points, the
// vector engine on points of cluster_dim components. Every engine is a pure function: same points,
// same palette, whatever the threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/histogram/float_blocks.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// k ascending centroids and what they cost. For the reference engine also the clusters it
/// assigned.
struct Palette {
    std::vector<double>
        centroids;    // [k * dim], scalar: ascending; vectors: lexicographically ascending
    double cost = 0;  // weighted sum of squared distances to the mean of the own cluster: at least
                      // what the points cost at their nearest centroids; 0 where it underflows
    std::vector<std::uint8_t>
        clusters;  // reference engine only: cluster of each point, in the points' order
};

/// Points with weights; empty weights mean 1 each. Values finite, weights finite and >= 0 with a
/// positive sum (checked upstream). At least one point.
template <class Real>
struct WeightedPoints {
    std::span<const Real> values;     // [count * dim], point after point
    std::span<const double> weights;  // [count] or empty
};

/// The optimum of one-dimensional k-means over all distinct values, to a relative 1e-7 of its cost
/// at worst (rounding; see optimal_partition); k = min(max_clusters, distinct values). Many floats
/// are counted, and sorted only where a boundary may lie. O(n log n) time but in odd cases, O(n)
/// memory.
template <class Real>
[[nodiscard]] Palette cluster_exact(const WeightedPoints<Real>& points, std::size_t max_clusters);

/// Within 1e-4 (relative) of cluster_exact: a histogram of the values, dynamic programming over its
/// bins from coarse to fine. O(n) time with a small constant. dtype tells which values are
/// possible: f16 and bf16 get a bin for each. The cost is an estimate: the bins know no more.
template <class Real>
[[nodiscard]] Palette cluster_fast(const WeightedPoints<Real>& points, DType dtype,
                                   std::size_t max_clusters);

/// The same for unweighted floats that are read in blocks: one pass over them as a rule, or a
/// few. Nothing where there is a NaN or infinity among them.
[[nodiscard]] std::optional<Palette> cluster_fast(const cluster::FloatBlocks& values, DType dtype,
                                                  std::size_t max_clusters);

/// coreai_opt's scalar path step by step: values rounded through f16 and `rounding_precision`
/// decimals where enable_fast_kmeans_mode says so, dynamic programming in double over prefix sums
/// (SMAWK), clusters kept.
template <class Real>
[[nodiscard]] Palette cluster_reference(const WeightedPoints<Real>& points, DType dtype,
                                        const PalettizationSpec& spec, std::size_t max_clusters);

/// How much is tried to leave poor optima. kLittle: one start and a few relocations; up to
/// four times as fast, mostly within 2 % of the cost: for palettes that tell what a width loses.
enum class Effort { kFull, kLittle };

/// k-means++ with restarts and Lloyd to convergence for points of `dim` components; fewer distinct
/// points than clusters give exactly those points. Deterministic in `seed`.
template <class Real>
[[nodiscard]] Palette cluster_vectors(const WeightedPoints<Real>& points, std::size_t dim,
                                      std::size_t max_clusters, std::uint64_t seed,
                                      Effort effort = Effort::kFull);

}  // namespace pal
