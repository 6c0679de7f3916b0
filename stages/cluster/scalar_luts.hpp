// LUTs of partitioned bins and of distinct values, for the scalar engines.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/types/lut.hpp"

namespace pal::cluster {

/// LUT whose centroids are the distinct values themselves; it costs nothing.
template <class Real>
[[nodiscard]] Lut lut_of_values(const DistinctValues<Real>& distinct);

/// LUT of the means of `clusters`, which are in coordinates. Its cost is the sum of their spreads.
[[nodiscard]] Lut lut_of_clusters(std::span<const Bin> clusters, const Coordinates& coordinates);

/// LUT of a partition of `bins` at `boundaries` (0, ..., bins.size()).
[[nodiscard]] Lut lut_of_partition(std::span<const Bin> bins,
                                   const std::vector<std::size_t>& boundaries,
                                   const Coordinates& coordinates);

/// LUT of a good partition of the values, or the values themselves if there are at most
/// `max_clusters`.
template <class Real>
[[nodiscard]] Lut good_lut(const DistinctValues<Real>& distinct, std::size_t max_clusters);

}  // namespace pal::cluster
