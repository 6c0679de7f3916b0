// Sums of errors in double. The order of additions is part of the definition: value v goes to lane
// v mod 8, lanes are added up pairwise at the end; no fused multiplication. So the sums are the
// same on every instruction set.
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

/// Sums of a block on their way.
struct ErrorLanes {
    std::array<double, kErrorLanes> squared_error{};
    std::array<double, kErrorLanes> energy{};
    std::array<double, kErrorLanes> max_abs_error{};
    std::array<double, kErrorLanes> max_abs{};

    /// The block's sums; what has been added so far are its first `added` values, a multiple of 8.
    template <class Real>
    [[nodiscard]] ErrorSums finished(std::span<const Real> values, std::span<const Real> decoded,
                                     std::size_t added, double unit);
};

/// Of one block. Same length; `unit`, a power of two, is what values and decoded are multiplied by
/// first.
[[nodiscard]] ErrorSums error_sums(std::span<const float> values, std::span<const float> decoded);
[[nodiscard]] ErrorSums error_sums(std::span<const double> values, std::span<const double> decoded,
                                   double unit = 1);

}  // namespace pal::kernels
