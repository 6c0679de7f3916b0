// How far a LUT is at most from the best one: a lower bound of the optimum, proven from bins of
// the data.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// lower_bound <= cost of the best LUT of as many centroids <= cost, in the units of Lut's
/// cost, the roundings of this computation included.
struct Certificate {
    double lower_bound = 0;
    double cost = 0;  // of the LUT, rounded up: every point at its nearest centroid
    double gap = 0;   // at least (cost - lower_bound) / lower_bound; 0 where cost is 0, and
                      // infinite where only the lower bound is
};

/// From bins alone: ascending, disjoint, each with its count, its mean and the ends of its values.
/// Bins of a hundredth of a cluster prove gaps of 1e-3, and the gap falls with their width squared;
/// bins of one value each prove any. centroids: ascending, at most `clusters`. Stops at
/// `tolerance`. O(n log n) whatever the number of clusters, about 0.3 us a bin.
[[nodiscard]] Certificate certify(std::span<const CountedBin> bins,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

/// Counts the values into bins, in one pass; where the tolerance is not reached, again into finer
/// ones, and at last into one for each value where that fits memory. Finite values.
[[nodiscard]] Certificate certify(const FloatBlocks& values, DType dtype,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

/// Sorts the points: O(n log n) time, O(n) memory.
template <class Real>
[[nodiscard]] Certificate certify(const WeightedPoints<Real>& points,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

}  // namespace pal::cluster
