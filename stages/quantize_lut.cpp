#include "stages/quantize_lut.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

struct Float8Format {
    int mantissa_bits;
    int bias;
    double max_finite;
    int e8m0_exponent;  // exponent of the largest power of two, which an e8m0 scale aims at
};

constexpr Float8Format float8_format(LutDType dtype) {
    return dtype == LutDType::kFloat8E4M3 ? Float8Format{3, 7, 448.0, 8}
                                          : Float8Format{2, 15, 57344.0, 15};
}

bool is_float8(LutDType dtype) {
    return dtype == LutDType::kFloat8E4M3 || dtype == LutDType::kFloat8E5M2;
}

/// Rounds a result to the weights' type, clamped to its finite range.
double in_type(double value, DType dtype) {
    const double most = largest_finite(dtype);
    return std::clamp(round_to_dtype(value, dtype), -most, most);
}

double in_float(double value) { return static_cast<double>(static_cast<float>(value)); }

/// Rounds an intermediate result to the type of the arithmetic: float32, or double for f64 weights,
/// whose values may be beyond float32.
double in_arithmetic(double value, DType dtype) {
    return dtype == DType::kF64 ? value : in_float(value);
}

struct LutRange {
    double low;   // <= 0
    double high;  // >= 0
};

LutRange observed_range(std::span<const double> lut, const LutQSpec& spec) {
    const auto [low, high] = std::minmax_element(lut.begin(), lut.end());
    // Upstream keeps a given end in float32.
    return {spec.float_min ? in_float(*spec.float_min) : std::min(0.0, *low),
            spec.float_max ? in_float(*spec.float_max) : std::max(0.0, *high)};
}

/// Type of the scale: that of the weights, or float32 where the whole range is given.
DType scale_type(DType dtype, const LutQSpec& spec) {
    return has_given_range(spec) ? DType::kF32 : dtype;
}

struct IntegerLimits {
    int low;
    int high;
};

IntegerLimits integer_limits(const LutQSpec& spec) {
    if (spec.dtype == LutDType::kUInt8) return {0, 255};
    return {spec.qscheme == QScheme::kSymmetricWithClipping ? -127 : -128, 127};
}

/// Returns 2^(floor(log2 largest) - target_exponent), in the range of e8m0. An all-zero LUT gets
/// 2^-126.
double power_of_two_scale(double largest, int target_exponent) {
    if (largest == 0) return 0x1p-126;
    return std::ldexp(1.0, std::clamp(std::ilogb(largest) - target_exponent, -126, 127));
}

double scale_of(const LutRange& range, DType weights, const LutQSpec& spec) {
    const DType dtype = scale_type(weights, spec);
    const double largest = std::max(range.high, -range.low);
    if (spec.e8m0_scale)
        return power_of_two_scale(in_float(largest), float8_format(spec.dtype).e8m0_exponent);
    double scale = 0;
    if (is_float8(spec.dtype)) {
        scale = largest / float8_format(spec.dtype).max_finite;
    } else if (spec.qscheme == QScheme::kAsymmetric) {
        // Upstream subtracts in the weights' type. A difference beyond its range is divided first.
        const double width = round_to_dtype(range.high - range.low, dtype);
        scale = std::isfinite(width) ? width / 255.0 : range.high / 255.0 - range.low / 255.0;
    } else {
        const IntegerLimits limits = integer_limits(spec);
        scale = largest / ((limits.high - limits.low) / 2.0);
    }
    constexpr double kSmallestScale = 0x1p-23;  // float32's epsilon, as upstream clamps
    return std::max(in_type(in_arithmetic(scale, dtype), dtype), kSmallestScale);
}

int zero_point_of(const LutRange& range, double scale, DType weights, const LutQSpec& spec) {
    if (spec.qscheme != QScheme::kAsymmetric) return spec.dtype == LutDType::kUInt8 ? 128 : 0;
    const IntegerLimits limits = integer_limits(spec);
    // Upstream divides in the type of the scale: the ratio is rounded to it before it is rounded to
    // an integer.
    const DType dtype = scale_type(weights, spec);
    const double ratio = round_to_dtype(in_arithmetic(range.low / scale, dtype), dtype);
    const double point = limits.low - std::nearbyint(ratio);
    return static_cast<int>(std::clamp<double>(point, limits.low, limits.high));
}

void quantize_group(std::span<const double> lut, std::size_t group, DType dtype,
                    const LutQSpec& spec, bool from_float32, QuantizedLut& result) {
    const LutRange range = observed_range(lut, spec);
    const double scale = scale_of(range, dtype, spec);
    const bool float8 = is_float8(spec.dtype);
    const int zero_point = float8 ? 0 : zero_point_of(range, scale, dtype, spec);
    const IntegerLimits limits = integer_limits(spec);
    result.scale[group] = scale;
    if (!float8) result.zero_point[group] = static_cast<std::uint8_t>(zero_point);
    for (std::size_t v = 0; v < lut.size(); ++v) {
        const double entry = from_float32 ? in_float(lut[v]) : lut[v];
        const double ratio = in_arithmetic(entry / scale, scale_type(dtype, spec));
        const std::uint8_t quantized =
            float8 ? double_to_float8(from_float32 ? in_float(ratio) : ratio, spec.dtype)
                   : static_cast<std::uint8_t>(static_cast<int>(std::clamp<double>(
                         std::nearbyint(ratio) + zero_point, limits.low, limits.high)));
        const std::size_t at = group * lut.size() + v;
        result.quantized[at] = quantized;
        result.dequantized[at] =
            dequantize_entry(quantized, scale, static_cast<std::uint8_t>(zero_point), dtype, spec);
    }
}

}  // namespace

double float8_to_double(std::uint8_t bits, LutDType dtype) noexcept {
    const Float8Format format = float8_format(dtype);
    const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
    const int exponent = (bits & 0x7F) >> format.mantissa_bits;
    const double sign = (bits & 0x80) != 0 ? -1.0 : 1.0;
    const bool special = dtype == LutDType::kFloat8E4M3 ? (bits & 0x7F) == 0x7F : exponent == 31;
    if (special) {
        const bool infinite = dtype == LutDType::kFloat8E5M2 && mantissa == 0;
        return infinite ? sign * std::numeric_limits<double>::infinity()
                        : std::numeric_limits<double>::quiet_NaN();
    }
    const int implicit = exponent == 0 ? 0 : 1 << format.mantissa_bits;
    return sign * std::ldexp(implicit + mantissa,
                             std::max(exponent, 1) - format.bias - format.mantissa_bits);
}

std::uint8_t double_to_float8(double value, LutDType dtype) noexcept {
    const Float8Format format = float8_format(dtype);
    const double clamped = std::clamp(value, -format.max_finite, format.max_finite);
    const double magnitude = std::abs(
        round_to_format(clamped, format.mantissa_bits, 1 - format.bias, format.max_finite));
    const std::uint8_t sign = std::signbit(value) ? 0x80 : 0;
    const double smallest_normal = std::ldexp(1.0, 1 - format.bias);
    if (magnitude < smallest_normal) {
        return sign | static_cast<std::uint8_t>(
                          std::ldexp(magnitude, format.bias - 1 + format.mantissa_bits));
    }
    const int exponent = std::ilogb(magnitude);
    const int mantissa = static_cast<int>(std::ldexp(magnitude, format.mantissa_bits - exponent)) -
                         (1 << format.mantissa_bits);
    return sign |
           static_cast<std::uint8_t>(((exponent + format.bias) << format.mantissa_bits) | mantissa);
}

double dequantize_entry(std::uint8_t quantized, double scale, std::uint8_t zero_point, DType dtype,
                        const LutQSpec& spec) noexcept {
    double steps = 0;
    if (is_float8(spec.dtype)) {
        steps = float8_to_double(quantized, spec.dtype);
    } else if (spec.dtype == LutDType::kUInt8) {
        steps = static_cast<double>(quantized) - static_cast<double>(zero_point);
    } else {
        steps = static_cast<double>(static_cast<std::int8_t>(quantized)) -
                static_cast<double>(static_cast<std::int8_t>(zero_point));
    }
    return in_type(in_arithmetic(steps * scale, scale_type(dtype, spec)), dtype);
}

QuantizedLut quantize_lut(const std::vector<double>& lut, std::size_t stride, DType dtype,
                          const LutQSpec& spec, bool from_float32) {
    PAL_ASSERT(stride > 0 && lut.size() % stride == 0);
    const std::size_t groups = lut.size() / stride;
    QuantizedLut result;
    result.quantized.resize(lut.size());
    result.dequantized.resize(lut.size());
    result.scale.resize(groups);
    if (!is_float8(spec.dtype)) result.zero_point.resize(groups);
    for (std::size_t group = 0; group < groups; ++group) {
        quantize_group(std::span(lut).subspan(group * stride, stride), group, dtype, spec,
                       from_float32, result);
    }
    return result;
}

}  // namespace pal
