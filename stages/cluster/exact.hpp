// The exact engine: the optimum of one-dimensional k-means.
#pragma once

#include <cstddef>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"

namespace pal {

/// Returns the LUT of least cost over all distinct values, with k = min(max_clusters, distinct
/// values) centroids. Its cost is within a relative 1e-7 of the optimum (rounding; see
/// optimal_partition). Many floats are counted, and only values near possible boundaries are
/// sorted. O(n log n) time in all but rare cases, O(n) memory.
template <class Real>
[[nodiscard]] Lut cluster_exact(const WeightedPoints<Real>& points, std::size_t max_clusters);

}  // namespace pal
