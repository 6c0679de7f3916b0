// The exact engine: the optimum of one-dimensional k-means.
#pragma once

#include <cstddef>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"

namespace pal {

/// The optimum of one-dimensional k-means over all distinct values, to a relative 1e-7 of its cost
/// at worst (rounding; see optimal_partition); k = min(max_clusters, distinct values). Many floats
/// are counted, and sorted only where a boundary may lie. O(n log n) time but in odd cases, O(n)
/// memory.
template <class Real>
[[nodiscard]] Lut cluster_exact(const WeightedPoints<Real>& points, std::size_t max_clusters);

}  // namespace pal
