// What a boundary inside a bin may gain against a boundary at the bin's edges, in any best LUT:
// the link from a partition of the data to one of its bins.
//
// Let t inside bin b be halfway between two neighbouring centroids that are 2 h apart. Giving all
// points of b to the centroid nearer to their mean costs at most 2 h times the sum of their
// distances to their mean more than giving each to its nearest. And h is not large: one more
// centroid at t would save 2 h * sum of (h / 2 - |x - t|)+ over all points x, and no more than
// `saving`, what one more cluster saves at most.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"

namespace pal::cluster {

/// [bin]: that gain, rounded up. bins: ascending, disjoint, in coordinates; low, mean and high may
/// be off by `rounding`. saving: at least the optimum of k clusters less that of k + 1. O(n) in
/// practice.
[[nodiscard]] std::vector<double> straddling_gains(std::span<const CountedBin> bins, double saving,
                                                   double rounding);

}  // namespace pal::cluster
