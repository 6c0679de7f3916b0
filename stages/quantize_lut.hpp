// The LUT quantization stage: 8-bit integers or FP8 with one scale and zero point a LUT, as
// coreai_opt computes them.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/tensor/spec.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

struct QuantizedLut {
    std::vector<std::uint8_t> quantized;  // as the lut, raw bytes of the LUT dtype
    std::vector<double> scale;  // [group], in the weight's dtype; e8m0: a power of two, float32
    std::vector<std::uint8_t> zero_point;  // [group], raw bytes of the LUT dtype; empty for FP8
    std::vector<double> dequantized;       // as the lut, in the weight's dtype
};

/// Quantizes each group's LUT of `stride` values on its own. Arithmetic in float32 (f64 weights:
/// double), one rounding an operation, then the weight's dtype, in its finite range. lut finite.
[[nodiscard]] QuantizedLut quantize_lut(const std::vector<double>& lut, std::size_t stride,
                                        DType dtype, const LutQSpec& spec);

/// The value of an FP8 byte; NaN encodings give NaN.
[[nodiscard]] double float8_to_double(std::uint8_t bits, LutDType dtype) noexcept;
/// value clamped to the finite range, then to the nearest FP8 value, ties to even.
[[nodiscard]] std::uint8_t double_to_float8(double value, LutDType dtype) noexcept;

/// (q - zero point) * scale of one entry, as quantize_lut computes it: for readers that check.
[[nodiscard]] double dequantize_entry(std::uint8_t quantized, double scale, std::uint8_t zero_point,
                                      DType dtype, LutDType lut_dtype) noexcept;

}  // namespace pal
