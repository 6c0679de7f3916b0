// Certificates: how far a LUT can be from the best one at most. Bins of the data prove a lower
// bound of the optimum.
#pragma once

#include <span>
#include <vector>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// lower_bound <= cost of the best LUT of as many centroids <= cost, in the units of Lut::cost.
/// Roundings of this computation are included.
struct Certificate {
    double lower_bound = 0;
    double cost = 0;  // of the LUT, rounded up: every point at its nearest centroid
    double gap = 0;   // at least (cost - lower_bound) / lower_bound; 0 if cost is 0, infinite if
                      // only lower_bound is 0
};

/// Certifies centroids from bins alone. Bins are ascending and disjoint; each has its count, its
/// mean and the ends of its values. centroids: ascending, at most `clusters`. Stops at `tolerance`.
/// Bins a hundredth of a cluster wide prove gaps of 1e-3, and the gap falls with the square of
/// their width. Bins of one value each prove any gap. O(n log n) for any number of clusters, about
/// 0.3 us per bin.
[[nodiscard]] Certificate certify(std::span<const CountedBin> bins,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

/// Certifies centroids from values. Counts the values into bins in one pass. If the gap exceeds the
/// tolerance, it counts them again into finer bins, and at last into one bin per value where that
/// fits memory. Finite values.
[[nodiscard]] Certificate certify(const FloatBlocks& values, DType dtype,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

/// Certifies centroids from points, which it sorts: O(n log n) time, O(n) memory.
template <class Real>
[[nodiscard]] Certificate certify(const WeightedPoints<Real>& points,
                                  std::span<const double> centroids, std::size_t clusters,
                                  double tolerance);

}  // namespace pal::cluster
