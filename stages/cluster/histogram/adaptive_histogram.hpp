// A histogram of floating-point values with fine bins where the data are dense.
//
// Values are binned by their bits, in an order that is the order of the values. The leading 16 bits
// (sign, exponent, first bits of the mantissa) come first: they suit any range, denormals and
// outliers included. Each of those bins is then split by further bits. It gets as many as its share
// of the cube root of the density asks for, since the centroids of a good LUT lie so (Panter and
// Dite 1951). The histogram counts and sums only; it sorts nothing.
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
    double spread_inside_bins = 0;  // sum over bins, at most: includes what rounding may hide
};

/// Bins the points into about `fine_bins` bins; f16 and bf16 get one bin per possible value. O(n +
/// fine_bins), two passes. Large data are cut into fixed parts, which are counted in parallel and
/// added up in order.
template <class Real>
[[nodiscard]] Histogram adaptive_histogram(const WeightedPoints<Real>& points, DType dtype,
                                           std::size_t fine_bins);

}  // namespace pal::cluster
