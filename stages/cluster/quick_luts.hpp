// Quick LUTs of several sizes from one look at the points. They tell what a tensor would lose at
// each width, before one is chosen.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// Points in bins: at least sixteen bins per cluster of the largest LUT, or one bin per value.
struct BinnedPoints {
    Coordinates coordinates;
    std::vector<Bin> bins;  // ascending, in coordinates
};

/// Bins the points: O(n), in one pass, or several where few values repeat. Returns nothing if a
/// value is NaN or infinite.
[[nodiscard]] std::optional<BinnedPoints> binned_points(const FloatBlocks& values, DType dtype);
/// The same for weighted points. Finite values; at least one weight is positive.
template <class Real>
[[nodiscard]] BinnedPoints binned_points(const WeightedPoints<Real>& points, DType dtype);

/// Returns ascending centroids, [size]: as many as a size asks for, or one per bin if there are
/// fewer bins. Merges neighbouring bins to about four per cluster, partitions those well, then runs
/// Lloyd's iteration over single bins. Costs are mostly 1 % above the best one at 64 and 256
/// centroids, and 0.1 % at fewer. 40 to 300 us per size.
[[nodiscard]] std::vector<std::vector<double>> quick_luts(const BinnedPoints& points,
                                                          std::span<const std::size_t> sizes);

/// Returns the weighted sum of squared distances to the nearest of `entries`, which ascend. A bin
/// counts as a whole. O(bins).
[[nodiscard]] double cost_of(const BinnedPoints& points, std::span<const double> entries);
/// Returns the weighted sum of squared values.
[[nodiscard]] double energy_of(const BinnedPoints& points);

}  // namespace pal::cluster
