// Sums of errors in double, the same on every instruction set. The order of additions is part of
// the definition. Value v goes to lane v mod 8, and lanes are added up pairwise at the end; no
// multiplication is fused.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace pal::kernels {

struct ErrorSums {
    double squared_error = 0;
    double energy = 0;  // of the values
    double max_abs_error = 0;
    double max_abs = 0;  // of the values
};

inline constexpr std::size_t kErrorLanes = 8;

/// Sums of a part of a block.
struct ErrorLanes {
    std::array<double, kErrorLanes> squared_error{};
    std::array<double, kErrorLanes> energy{};
    std::array<double, kErrorLanes> max_abs_error{};
    std::array<double, kErrorLanes> max_abs{};

    /// Returns the sums of the whole block. Its first `added` values, a multiple of 8, have been
    /// added to the lanes.
    template <class Real>
    [[nodiscard]] ErrorSums finished(std::span<const Real> values, std::span<const Real> decoded,
                                     std::size_t added, double unit);
};

/// Returns the error sums of one block. Both spans have one length. `unit`, a power of two,
/// multiplies values and decoded values first.
[[nodiscard]] ErrorSums error_sums(std::span<const float> values, std::span<const float> decoded);
[[nodiscard]] ErrorSums error_sums(std::span<const double> values, std::span<const double> decoded,
                                   double unit = 1);

}  // namespace pal::kernels
