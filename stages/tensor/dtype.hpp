// The floating-point types that a weight tensor may have, and their conversions. Between stages,
// f16, bf16 and f32 weights travel as float and f64 weights as double: both are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pal {

enum class DType { kF16, kBF16, kF32, kF64 };

[[nodiscard]] std::string_view dtype_name(
    DType dtype) noexcept;  // "float16", "bfloat16", "float32", "float64"
[[nodiscard]] std::size_t dtype_bytes(DType dtype) noexcept;

/// IEEE half <-> float; to half rounds to nearest, ties to even, overflow becomes infinity.
[[nodiscard]] float half_to_float(std::uint16_t bits) noexcept;
[[nodiscard]] std::uint16_t float_to_half(float value) noexcept;
[[nodiscard]] std::uint16_t double_to_half(double value) noexcept;  // one rounding

/// bfloat16 <-> float; to bfloat16 rounds to nearest, ties to even.
[[nodiscard]] float bfloat16_to_float(std::uint16_t bits) noexcept;
[[nodiscard]] std::uint16_t float_to_bfloat16(float value) noexcept;

/// The nearest value (ties to even, one rounding) with that many mantissa bits and smallest normal
/// exponent; beyond max_finite: infinity. Subnormals included.
[[nodiscard]] double round_to_format(double value, int mantissa_bits, int min_exponent,
                                     double max_finite) noexcept;

[[nodiscard]] double largest_finite(DType dtype) noexcept;

/// The value of `dtype` nearest to `value` (ties to even), as a double.
[[nodiscard]] double round_to_dtype(double value, DType dtype) noexcept;

}  // namespace pal
