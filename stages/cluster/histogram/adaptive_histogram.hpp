// A histogram of floating-point values whose bins are fine where the data are dense.
//
// Values are binned by their bits, in an order that is the order of the values: first by the
// leading 16 (sign, exponent and the first bits of the mantissa, which suits any range, denormals
// and outliers included), then each of those bins is split by further bits, by as many as its share
// of the cube root of the density asks for: there lie the centroids of a good LUT (Panter and
// Dite 1951). Counts and sums only; no sort.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

struct Histogram {
    Coordinates coordinates;
    std::vector<Bin> bins;          // non-empty ones, ascending
    double spread_inside_bins = 0;  // of all bins, at most: what rounding may hide is counted
};

/// About `fine_bins` bins; f16 and bf16 get one for each possible value. O(n + fine_bins), two
/// passes, parallel over fixed parts of large data that are added up in order.
template <class Real>
[[nodiscard]] Histogram adaptive_histogram(const WeightedPoints<Real>& points, DType dtype,
                                           std::size_t fine_bins);

}  // namespace pal::cluster
