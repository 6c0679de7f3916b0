// Nearest LUT entry of vectors. The search runs in float over lanes of vectors and keeps the best
// and the second best score. If they are closer than rounding can explain, that vector is searched
// again in double. The result is the same on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pal::kernels {

/// Largest dimension that is searched in float. Longer vectors are searched in double alone.
inline constexpr std::size_t kMostVectorDim = 16;
inline constexpr std::size_t kMostVectorEntries = 256;

/// A LUT prepared for search. Real: float or double, the vectors' type.
///
/// Every search finds the entry e with the least sum over t of (double(x[t]) - lut[e][t])^2. The
/// sum is taken in double in the order of t, without fused multiplication. Ties, also those that
/// rounding makes, go to the lower index. Components are multiplied by a unit first: the power of
/// two that brings the largest component of the LUT to [1, 2). Squares of doubles would leave the
/// range otherwise; for floats it changes nothing.
template <class Real>
class NearestVectors {
  public:
    /// lut: [k][dim] finite, 1 <= k <= 256, dim >= 1.
    NearestVectors(std::span<const double> lut, std::size_t dim);

    /// Finds the nearest entry of each vector. Component t of vector v stands at points[v *
    /// vector_stride + t * component_stride]. Vectors that lie together have strides dim and 1;
    /// components that lie together have strides 1 and the count. Finite values. O(count * k *
    /// dim). Thread-safe; serial.
    void find(const Real* points, std::size_t vector_stride, std::size_t component_stride,
              std::span<std::uint8_t> indices) const;

  private:
    std::uint8_t find_exactly(const Real* vector, std::size_t component_stride) const;

    std::size_t dim_;
    std::size_t entries_;
    double exact_unit_ = 1;
    std::vector<double> columns_;  // [dim][entries] the LUT in exact_unit_
    // Input of the search in float: the LUT less its medians, in a unit of its own.
    std::vector<Real> offset_;             // [dim]
    Real unit_ = 1;                        // brings the largest shifted component to [1, 2)
    std::vector<float> rows_;              // [row][dim + 1]: entry, half its squared norm
    std::vector<std::uint8_t> row_entry_;  // entry of each row: equal neighbours are one row
};

}  // namespace pal::kernels
