// Sums of errors in double. The order of additions is part of the definition: value v goes to lane
// v mod 8, lanes are added up pairwise at the end; no fused multiplication. So the sums are the
// same on every instruction set.
#pragma once

#include <cstddef>
#include <span>

namespace pal::kernels {

struct ErrorSums {
    double squared_error = 0;
    double energy = 0;  // of the values
    double max_abs_error = 0;
    double max_abs = 0;  // of the values
};

/// Of one block. Same length; `unit`, a power of two, is what values and decoded are multiplied by
/// first.
[[nodiscard]] ErrorSums error_sums(std::span<const float> values, std::span<const float> decoded);
[[nodiscard]] ErrorSums error_sums(std::span<const double> values, std::span<const double> decoded,
                                   double unit);

}  // namespace pal::kernels
