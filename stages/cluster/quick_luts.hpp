// LUTs of several sizes from one look at the points, quick rather than best: to compare what a
// tensor would lose at each width before one is chosen.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// Points in bins, sixteen or more a cluster of the largest LUT, or one for each value.
struct BinnedPoints {
    Coordinates coordinates;
    std::vector<Bin> bins;  // ascending, in coordinates
};

/// One pass over the points (several where few values repeat), O(n). Nothing where there is a NaN
/// or infinity among them.
[[nodiscard]] std::optional<BinnedPoints> binned_points(const FloatBlocks& values, DType dtype);
/// Finite values; at least one weight is positive.
template <class Real>
[[nodiscard]] BinnedPoints binned_points(const WeightedPoints<Real>& points, DType dtype);

/// [size] Ascending centroids, as many as a size asks for, or as there are bins: a good partition
/// of neighbouring bins taken together, four a cluster, then Lloyd's iteration over single bins:
/// mostly 1 % above the best cost at 64 and 256, and 1e-3 below. 40 to 300 us a size.
[[nodiscard]] std::vector<std::vector<double>> quick_luts(const BinnedPoints& points,
                                                          std::span<const std::size_t> sizes);

/// Weighted sum of squared distances to the nearest of `entries`, which are ascending; a bin counts
/// as a whole. O(bins).
[[nodiscard]] double cost_of(const BinnedPoints& points, std::span<const double> entries);
/// Weighted sum of squares.
[[nodiscard]] double energy_of(const BinnedPoints& points);

}  // namespace pal::cluster
