// LUT quantization stage: 8-bit integers or FP8, with one scale and one zero point per LUT,
// computed as coreai_opt does.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/tensor/spec.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

struct QuantizedLut {
    std::vector<std::uint8_t> quantized;  // shape of the LUT, raw bytes of the LUT dtype
    std::vector<double> scale;  // [group], of the weights' type; f32 for e8m0 and given ranges
    std::vector<std::uint8_t> zero_point;  // [group], raw bytes of the LUT dtype; empty for FP8
    std::vector<double> dequantized;       // shape of the LUT, of the weights' type
};

/// Quantizes each group's LUT of `stride` values on its own. lut: finite. Computes in float32 (f64
/// weights: double, unless both ends of the range are given) with one rounding per operation.
/// Results are then rounded to the weights' type and clamped to its finite range.
/// from_float32: rounds the entries, but not their range, to float32 first, as coreai_opt does.
[[nodiscard]] QuantizedLut quantize_lut(const std::vector<double>& lut, std::size_t stride,
                                        DType dtype, const LutQSpec& spec,
                                        bool from_float32 = false);

/// Value of an FP8 byte. NaN encodings give NaN.
[[nodiscard]] double float8_to_double(std::uint8_t bits, LutDType dtype) noexcept;
/// Clamps `value` to the finite range of FP8 and rounds it to the nearest FP8 value, ties to even.
[[nodiscard]] std::uint8_t double_to_float8(double value, LutDType dtype) noexcept;

/// Dequantizes one entry as quantize_lut does, (q - zero point) * scale. For checks of a file.
[[nodiscard]] double dequantize_entry(std::uint8_t quantized, double scale, std::uint8_t zero_point,
                                      DType dtype, const LutQSpec& spec) noexcept;

}  // namespace pal
