#include "stages/tensor/dtype.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace pal {

namespace {

constexpr double kHalfMax = 65504.0;
const double kBFloat16Max = std::ldexp(255.0, 120);

}  // namespace

double round_to_format(double value, int mantissa_bits, int min_exponent,
                       double max_finite) noexcept {
    if (!std::isfinite(value) || value == 0) return value;
    int exponent = 0;
    std::frexp(value, &exponent);  // value = m * 2^exponent, 0.5 <= |m| < 1
    // Division by the result's quantum, a power of two, is exact: nearbyint is the only rounding.
    const int quantum_exponent = std::max(exponent - 1, min_exponent) - mantissa_bits;
    const double scaled = std::ldexp(value, -quantum_exponent);
    const double rounded = std::ldexp(std::nearbyint(scaled), quantum_exponent);
    if (std::abs(rounded) > max_finite) {
        return std::copysign(std::numeric_limits<double>::infinity(), value);
    }
    return std::copysign(rounded, value);
}

std::string_view dtype_name(DType dtype) noexcept {
    switch (dtype) {
        case DType::kF16:
            return "float16";
        case DType::kBF16:
            return "bfloat16";
        case DType::kF32:
            return "float32";
        case DType::kF64:
            return "float64";
    }
    return "";
}

std::size_t dtype_bytes(DType dtype) noexcept {
    switch (dtype) {
        case DType::kF16:
        case DType::kBF16:
            return 2;
        case DType::kF32:
            return 4;
        case DType::kF64:
            return 8;
    }
    return 0;
}

float half_to_float(std::uint16_t bits) noexcept {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1FU;
    const std::uint32_t mantissa = bits & 0x3FFU;
    if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13));
    if (exponent != 0) {
        return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
    }
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
}

std::uint16_t double_to_half(double value) noexcept {
    const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    if (std::isnan(value)) return sign | 0x7E00;
    const double magnitude = std::abs(round_to_format(value, 10, -14, kHalfMax));
    if (std::isinf(magnitude)) return sign | 0x7C00;
    if (magnitude < 0x1p-14) return sign | static_cast<std::uint16_t>(magnitude * 0x1p24);
    int exponent = 0;
    const double fraction = std::frexp(magnitude, &exponent);
    const auto mantissa = static_cast<std::uint16_t>(fraction * 2048);  // 1024 .. 2047
    return sign | static_cast<std::uint16_t>(((exponent + 14) << 10) | (mantissa & 0x3FF));
}

std::uint16_t float_to_half(float value) noexcept { return double_to_half(value); }

float bfloat16_to_float(std::uint16_t bits) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t float_to_bfloat16(float value) noexcept {
    if (std::isnan(value)) return std::signbit(value) ? 0xFFC0 : 0x7FC0;
    const auto rounded = static_cast<float>(round_to_format(value, 7, -126, kBFloat16Max));
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(rounded) >> 16);
}

double largest_finite(DType dtype) noexcept {
    switch (dtype) {
        case DType::kF16:
            return kHalfMax;
        case DType::kBF16:
            return kBFloat16Max;
        case DType::kF32:
            return std::numeric_limits<float>::max();
        case DType::kF64:
            break;
    }
    return std::numeric_limits<double>::max();
}

double round_to_dtype(double value, DType dtype) noexcept {
    switch (dtype) {
        case DType::kF16:
            return round_to_format(value, 10, -14, kHalfMax);
        case DType::kBF16:
            return round_to_format(value, 7, -126, kBFloat16Max);
        case DType::kF32:
            return static_cast<double>(static_cast<float>(value));
        case DType::kF64:
            return value;
    }
    return value;
}

}  // namespace pal
