// Floating-point types that a weight tensor may have, and their conversions. Stages hold f16, bf16
// and f32 weights as float and f64 weights as double: both are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pal {

enum class DType { kF16, kBF16, kF32, kF64 };

/// Returns "float16", "bfloat16", "float32" or "float64".
[[nodiscard]] std::string_view dtype_name(DType dtype) noexcept;
/// Bytes of one element.
[[nodiscard]] std::size_t dtype_bytes(DType dtype) noexcept;

/// Convert between IEEE half and float or double. Conversion to half rounds once, to nearest, ties
/// to even; overflow becomes infinity.
[[nodiscard]] float half_to_float(std::uint16_t bits) noexcept;
[[nodiscard]] std::uint16_t float_to_half(float value) noexcept;
[[nodiscard]] std::uint16_t double_to_half(double value) noexcept;

/// Convert between bfloat16 and float. Conversion to bfloat16 rounds to nearest, ties to even;
/// overflow becomes infinity.
[[nodiscard]] float bfloat16_to_float(std::uint16_t bits) noexcept;
[[nodiscard]] std::uint16_t float_to_bfloat16(float value) noexcept;

/// Rounds to a format with `mantissa_bits` explicit bits and smallest normal exponent
/// `min_exponent`: once, to nearest, ties to even, subnormals included. Beyond max_finite it
/// returns infinity.
[[nodiscard]] double round_to_format(double value, int mantissa_bits, int min_exponent,
                                     double max_finite) noexcept;

/// Largest finite value of a type.
[[nodiscard]] double largest_finite(DType dtype) noexcept;

/// Returns the value of `dtype` nearest to `value`, ties to even, as a double.
[[nodiscard]] double round_to_dtype(double value, DType dtype) noexcept;

}  // namespace pal
