// Bounds of what a boundary inside a bin gains over boundaries at the bin's edges, in any best LUT.
// They link a partition of the data to a partition of its bins.
//
// Let t inside bin b be halfway between two neighbouring centroids that are 2 h apart. Give all
// points of b to the centroid nearer to their mean, instead of each point to its own nearest one.
// This costs at most 2 h times the sum of their distances to their mean. And h is bounded: one more
// centroid at t would save 2 h * sum of (h / 2 - |x - t|)+ over all points x. That is no more than
// `saving`, the most that one more cluster saves.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"

namespace pal::cluster {

/// Returns this gain of each bin, [bin], rounded up. bins: ascending, disjoint, in coordinates;
/// low, mean and high may be off by `rounding`. saving: at least the optimum of k clusters less
/// that of k + 1. O(n) in practice.
[[nodiscard]] std::vector<double> straddling_gains(std::span<const CountedBin> bins, double saving,
                                                   double rounding);

}  // namespace pal::cluster
