#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <tuple>

#include "stages/quantize_lut.hpp"

using namespace pal;
namespace tt = boost::test_tools;

namespace {

QuantizedLut quantized(const std::vector<double>& lut, LutDType dtype,
                       QScheme qscheme = QScheme::kSymmetric, DType weights = DType::kF32,
                       bool e8m0 = false) {
    return quantize_lut(lut, lut.size(), weights, {dtype, qscheme, {}, {}, e8m0});
}

void check_values(const QuantizedLut& result, const std::vector<double>& expected) {
    for (std::size_t v = 0; v < expected.size(); ++v) {
        BOOST_TEST(std::abs(result.dequantized[v] - expected[v]) < 5e-5,
                   result.dequantized[v] << " for " << expected[v]);
    }
}

void check_bytes(const QuantizedLut& result, const std::vector<std::uint8_t>& expected) {
    BOOST_TEST(result.quantized == expected, tt::per_element());
}

/// Like check_bytes, for int8.
void check_steps(const QuantizedLut& result, const std::vector<int>& expected) {
    const std::vector<std::uint8_t> bytes(expected.begin(), expected.end());
    check_bytes(result, bytes);
}

const std::vector<double> kOneToFour{1, 2, 3, 4};

}  // namespace

BOOST_AUTO_TEST_SUITE(quantize)

BOOST_AUTO_TEST_CASE(worked_case_of_one_to_four) {
    const std::vector<double> symmetric{1.0039, 2.0078, 3.0118, 3.9843};
    check_values(quantized(kOneToFour, LutDType::kInt8), symmetric);
    check_values(quantized(kOneToFour, LutDType::kUInt8), symmetric);
    const std::vector<double> asymmetric{1.0039, 1.9922, 2.9961, 4.0000};
    check_values(quantized(kOneToFour, LutDType::kInt8, QScheme::kAsymmetric), asymmetric);
    check_values(quantized(kOneToFour, LutDType::kUInt8, QScheme::kAsymmetric), asymmetric);
}

BOOST_AUTO_TEST_CASE(zero_points_follow_the_table) {
    BOOST_TEST(quantized(kOneToFour, LutDType::kInt8).zero_point[0] == 0);
    BOOST_TEST(quantized(kOneToFour, LutDType::kUInt8).zero_point[0] == 128);
    BOOST_TEST(
        quantized(kOneToFour, LutDType::kUInt8, QScheme::kSymmetricWithClipping).zero_point[0] ==
        128);
    BOOST_TEST(static_cast<std::int8_t>(
                   quantized(kOneToFour, LutDType::kInt8, QScheme::kAsymmetric).zero_point[0]) ==
               -128);
    const std::vector<double> mixed{-1, 0, 3};
    BOOST_TEST(quantized(mixed, LutDType::kUInt8, QScheme::kAsymmetric).zero_point[0] == 64);
    BOOST_TEST(static_cast<std::int8_t>(
                   quantized(mixed, LutDType::kInt8, QScheme::kAsymmetric).zero_point[0]) == -64);
    BOOST_TEST(quantized(mixed, LutDType::kFloat8E4M3).zero_point.empty());
}

BOOST_AUTO_TEST_CASE(scales_follow_the_table) {
    BOOST_TEST(quantized(kOneToFour, LutDType::kInt8).scale[0] == static_cast<float>(4 / 127.5));
    BOOST_TEST(quantized(kOneToFour, LutDType::kInt8, QScheme::kSymmetricWithClipping).scale[0] ==
               static_cast<float>(4 / 127.0));
    BOOST_TEST(quantized(kOneToFour, LutDType::kUInt8, QScheme::kSymmetricWithClipping).scale[0] ==
               static_cast<float>(4 / 127.5));
    BOOST_TEST(quantized(kOneToFour, LutDType::kFloat8E4M3).scale[0] ==
               static_cast<float>(4 / 448.0));
    BOOST_TEST(quantized(kOneToFour, LutDType::kFloat8E5M2).scale[0] ==
               static_cast<float>(4 / 57344.0));
    BOOST_TEST(quantized({0.75, 5}, LutDType::kFloat8E4M3, QScheme::kSymmetric, DType::kF32, true)
                   .scale[0] == std::ldexp(1.0, 2 - 8));
    BOOST_TEST(quantized({0.75, 5}, LutDType::kFloat8E5M2, QScheme::kSymmetric, DType::kF32, true)
                   .scale[0] == std::ldexp(1.0, 2 - 15));
}

BOOST_AUTO_TEST_CASE(an_all_zero_lut_stays_zero) {
    const std::vector<double> zeros(4, 0.0);
    for (const LutDType dtype :
         {LutDType::kInt8, LutDType::kUInt8, LutDType::kFloat8E4M3, LutDType::kFloat8E5M2}) {
        const QuantizedLut result = quantized(zeros, dtype);
        BOOST_TEST(result.scale[0] == 0x1p-23);
        BOOST_TEST(result.dequantized == zeros, tt::per_element());
    }
    BOOST_TEST(
        quantized(zeros, LutDType::kFloat8E4M3, QScheme::kSymmetric, DType::kF32, true).scale[0] ==
        0x1p-126);
}

BOOST_AUTO_TEST_CASE(the_range_includes_zero) {
    // 5..6 asymmetric: the range is 0..6, not 5..6.
    const QuantizedLut result = quantized({5, 6}, LutDType::kUInt8, QScheme::kAsymmetric);
    BOOST_TEST(result.scale[0] == static_cast<float>(6 / 255.0));
    BOOST_TEST(result.quantized[1] == 255);
}

BOOST_AUTO_TEST_CASE(float_range_replaces_the_observed_range) {
    LutQSpec spec{LutDType::kUInt8, QScheme::kAsymmetric, -1.0, 3.0, false};
    const QuantizedLut both = quantize_lut(kOneToFour, 4, DType::kF32, spec);
    BOOST_TEST(both.scale[0] == static_cast<float>(4 / 255.0));
    BOOST_TEST(both.dequantized[3] == 3.0, tt::tolerance(1e-2));  // 4 is clamped
    spec.float_min.reset();
    BOOST_TEST(quantize_lut(kOneToFour, 4, DType::kF32, spec).scale[0] ==
               static_cast<float>(3 / 255.0));
}

BOOST_AUTO_TEST_CASE(scales_have_the_weights_dtype) {
    const double scale =
        quantized(kOneToFour, LutDType::kInt8, QScheme::kSymmetric, DType::kF16).scale[0];
    BOOST_TEST(scale == round_to_dtype(4 / 127.5, DType::kF16));
    BOOST_TEST(scale != static_cast<float>(4 / 127.5));
}

// Every LUT dtype x scheme x weight dtype: stored values decode to the LUT, in the weights' type,
// within half a step.
BOOST_AUTO_TEST_CASE(quantized_values_decode_to_the_lut) {
    const std::vector<double> lut{-0.71, -0.2, -0.01, 0, 0.003, 0.25, 0.5, 0.93};
    for (const DType weights : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
        for (const LutDType dtype :
             {LutDType::kInt8, LutDType::kUInt8, LutDType::kFloat8E4M3, LutDType::kFloat8E5M2}) {
            for (const QScheme qscheme :
                 {QScheme::kSymmetric, QScheme::kSymmetricWithClipping, QScheme::kAsymmetric}) {
                const bool float8 =
                    dtype == LutDType::kFloat8E4M3 || dtype == LutDType::kFloat8E5M2;
                if (float8 && qscheme != QScheme::kSymmetric) continue;
                const QuantizedLut result = quantized(lut, dtype, qscheme, weights);
                for (std::size_t v = 0; v < lut.size(); ++v) {
                    BOOST_TEST(result.dequantized[v] ==
                               round_to_dtype(result.dequantized[v], weights));
                    const double step =
                        float8
                            ? std::abs(lut[v]) * (dtype == LutDType::kFloat8E4M3 ? 0.0625 : 0.125) +
                                  1e-3
                            : result.scale[0] * 0.51;
                    const double clipped =
                        !float8 && qscheme == QScheme::kSymmetric && v == 7 ? result.scale[0] : 0;
                    BOOST_TEST(std::abs(result.dequantized[v] - lut[v]) <= step + clipped + 0.01);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_float8_survives_the_way_to_double_and_back) {
    for (const LutDType dtype : {LutDType::kFloat8E4M3, LutDType::kFloat8E5M2}) {
        for (unsigned bits = 0; bits < 256; ++bits) {
            const double value = float8_to_double(static_cast<std::uint8_t>(bits), dtype);
            if (!std::isfinite(value)) continue;
            BOOST_REQUIRE_EQUAL(double_to_float8(value, dtype), bits);
        }
    }
    BOOST_TEST(float8_to_double(double_to_float8(1e9, LutDType::kFloat8E4M3),
                                LutDType::kFloat8E4M3) == 448.0);
    BOOST_TEST(float8_to_double(double_to_float8(-1e9, LutDType::kFloat8E5M2),
                                LutDType::kFloat8E5M2) == -57344.0);
    BOOST_TEST(float8_to_double(double_to_float8(17.0, LutDType::kFloat8E4M3),
                                LutDType::kFloat8E4M3) == 16.0);  // tie
    BOOST_TEST(float8_to_double(double_to_float8(19.0, LutDType::kFloat8E4M3),
                                LutDType::kFloat8E4M3) == 20.0);
}

BOOST_AUTO_TEST_CASE(groups_are_quantized_on_their_own) {
    const QuantizedLut result = quantize_lut({1, 2, 100, 200}, 2, DType::kF32, {});
    BOOST_TEST(result.scale[0] == static_cast<float>(2 / 127.5));
    BOOST_TEST(result.scale[1] == static_cast<float>(200 / 127.5));
}

BOOST_AUTO_TEST_CASE(huge_doubles_stay_finite) {
    const QuantizedLut result =
        quantized({-1e300, 1e300}, LutDType::kInt8, QScheme::kSymmetric, DType::kF64);
    BOOST_TEST(std::isfinite(result.dequantized[0]));
    BOOST_TEST(result.dequantized[0] == -1e300, tt::tolerance(1e-2));
}

BOOST_AUTO_TEST_CASE(entries_halfway_between_steps_go_to_the_even_one) {
    const QuantizedLut result = quantized({0.5, 1.5, 2.5, 127.5}, LutDType::kInt8);
    BOOST_TEST(result.scale[0] == 1.0);
    check_steps(result, {0, 2, 2, 127});
}

BOOST_AUTO_TEST_CASE(clipping_leaves_out_the_lowest_integer_and_nothing_else_does) {
    const QuantizedLut whole = quantized({-127.5, -1, 0}, LutDType::kInt8);
    BOOST_TEST(whole.scale[0] == 1.0);
    check_steps(whole, {-128, -1, 0});
    const QuantizedLut clipped =
        quantized({-127, -1, 0}, LutDType::kInt8, QScheme::kSymmetricWithClipping);
    BOOST_TEST(clipped.scale[0] == 1.0);
    check_steps(clipped, {-127, -1, 0});
    for (const auto& [qscheme, range, lowest] :
         {std::tuple{QScheme::kSymmetric, -127.5, -128},
          std::tuple{QScheme::kSymmetricWithClipping, -127.0, -127}}) {
        const LutQSpec spec{LutDType::kInt8, qscheme, range, {}, false};
        const QuantizedLut beyond = quantize_lut({-200, 5}, 2, DType::kF32, spec);
        BOOST_TEST(beyond.scale[0] == 1.0);
        check_steps(beyond, {lowest, 5});
    }
}

BOOST_AUTO_TEST_CASE(a_lut_below_zero_ends_at_the_upper_zero_point) {
    const std::vector<double> below{-4, -3, -2, -1};
    const std::vector<double> expected{-4, -2.99608, -1.99216, -1.00392};
    const QuantizedLut with_sign = quantized(below, LutDType::kInt8, QScheme::kAsymmetric);
    BOOST_TEST(static_cast<std::int8_t>(with_sign.zero_point[0]) == 127);
    check_steps(with_sign, {-128, -64, 0, 63});
    check_values(with_sign, expected);
    const QuantizedLut without = quantized(below, LutDType::kUInt8, QScheme::kAsymmetric);
    BOOST_TEST(without.zero_point[0] == 255);
    check_bytes(without, {0, 64, 128, 191});
    check_values(without, expected);
}

BOOST_AUTO_TEST_CASE(scales_are_not_below_the_epsilon_of_float32) {
    for (const LutDType dtype :
         {LutDType::kInt8, LutDType::kUInt8, LutDType::kFloat8E4M3, LutDType::kFloat8E5M2}) {
        BOOST_TEST(quantized({1e-6, 2e-6, 3e-6, 4e-6}, dtype).scale[0] == 0x1p-23);
    }
    check_steps(quantized({1e-6, 2e-6, 3e-6, 4e-6}, LutDType::kInt8), {8, 17, 25, 34});
}

BOOST_AUTO_TEST_CASE(one_to_four_in_every_dtype_and_scheme) {
    const QuantizedLut clipped =
        quantized(kOneToFour, LutDType::kInt8, QScheme::kSymmetricWithClipping);
    check_steps(clipped, {32, 64, 95, 127});
    check_values(clipped, {1.00787, 2.01575, 2.99213, 4});
    const QuantizedLut unsigned_clipped =
        quantized(kOneToFour, LutDType::kUInt8, QScheme::kSymmetricWithClipping);
    BOOST_TEST(unsigned_clipped.zero_point[0] == 128);
    check_bytes(unsigned_clipped, {160, 192, 224, 255});
    check_values(unsigned_clipped, {1.00392, 2.00784, 3.01177, 3.98431});

    const auto float8 = [](LutDType dtype, bool e8m0) {
        return quantized(kOneToFour, dtype, QScheme::kSymmetric, DType::kF32, e8m0);
    };
    check_bytes(float8(LutDType::kFloat8E4M3, false), {110, 118, 122, 126});
    check_values(float8(LutDType::kFloat8E4M3, false), {1, 2, 2.85714, 4});
    check_bytes(float8(LutDType::kFloat8E5M2, false), {115, 119, 121, 123});
    check_values(float8(LutDType::kFloat8E5M2, false), {1, 2, 2.85714, 4});
    BOOST_TEST(float8(LutDType::kFloat8E4M3, true).scale[0] == 0x1p-6);
    check_bytes(float8(LutDType::kFloat8E4M3, true), {104, 112, 116, 120});
    BOOST_TEST(float8(LutDType::kFloat8E5M2, true).scale[0] == 0x1p-13);
    check_bytes(float8(LutDType::kFloat8E5M2, true), {112, 116, 118, 120});
    for (const LutDType dtype : {LutDType::kFloat8E4M3, LutDType::kFloat8E5M2})
        BOOST_TEST(float8(dtype, true).dequantized == kOneToFour, tt::per_element());

    const QuantizedLut half =
        quantized(kOneToFour, LutDType::kInt8, QScheme::kSymmetric, DType::kF16);
    BOOST_TEST(half.scale[0] == 0.0313720703125);
    const std::vector<double> halves{1.00390625, 2.0078125, 3.01171875, 3.984375};
    BOOST_TEST(half.dequantized == halves, tt::per_element());
}

BOOST_AUTO_TEST_CASE(entries_are_divided_in_float32_by_the_rounded_scale) {
    // Undivided by rounding, -4 / (4 / 127.5) is -127.5, whose even neighbour is -128.
    check_steps(quantized({-4, -3, -2, -1}, LutDType::kInt8), {-127, -96, -64, -32});
    // The ratio is 1.4999999663 in double, 1.5 in float32.
    const QuantizedLut half = quantized({0x1.542424p-4, 7.05859375}, LutDType::kInt8);
    BOOST_TEST(half.scale[0] == static_cast<float>(7.05859375 / 127.5));
    check_steps(half, {2, 127});
}

BOOST_AUTO_TEST_CASE(zero_points_are_rounded_half_to_even) {
    // Ranges of 255 steps of 1.
    const QuantizedLut half = quantized({-0.5, 254.5}, LutDType::kUInt8, QScheme::kAsymmetric);
    BOOST_TEST(half.scale[0] == 1.0);
    BOOST_TEST(half.zero_point[0] == 0);
    BOOST_TEST(quantized({-2.5, 252.5}, LutDType::kUInt8, QScheme::kAsymmetric).zero_point[0] == 2);
    BOOST_TEST(static_cast<std::int8_t>(
                   quantized({-2.5, 252.5}, LutDType::kInt8, QScheme::kAsymmetric).zero_point[0]) ==
               -126);
}

BOOST_AUTO_TEST_CASE(float_range_counts_for_symmetric_schemes_and_float8) {
    const LutQSpec integers{LutDType::kInt8, QScheme::kSymmetric, -8.0, {}, false};
    const QuantizedLut wider = quantize_lut(kOneToFour, 4, DType::kF32, integers);
    BOOST_TEST(wider.scale[0] == static_cast<float>(8 / 127.5));
    check_steps(wider, {16, 32, 48, 64});
    const LutQSpec wide{LutDType::kFloat8E4M3, QScheme::kSymmetric, -8.0, {}, false};
    const QuantizedLut wide_float8 = quantize_lut(kOneToFour, 4, DType::kF32, wide);
    BOOST_TEST(wide_float8.scale[0] == static_cast<float>(8 / 448.0));
    check_bytes(wide_float8, {102, 110, 114, 118});
    const LutQSpec narrow{LutDType::kFloat8E5M2, QScheme::kSymmetric, {}, 2.0, false};
    const QuantizedLut narrow_float8 = quantize_lut(kOneToFour, 4, DType::kF32, narrow);
    BOOST_TEST(narrow_float8.scale[0] == static_cast<float>(2 / 57344.0));
    check_bytes(narrow_float8, {119, 123, 123, 123});
    check_values(narrow_float8, {1, 2, 2, 2});
}

// Values that coreai_opt gives. The ratio -3.943 / 0.03415 is -115.47 in float32 and -115.5 in
// float16, which is rounded to -116.
BOOST_AUTO_TEST_CASE(the_zero_point_is_rounded_from_the_type_of_the_weights) {
    LutQSpec spec;
    spec.qscheme = QScheme::kAsymmetric;
    const double low = round_to_dtype(-3.943, DType::kF16);
    const double scale = round_to_dtype(0.03415, DType::kF16);
    // The largest entry that gives this scale.
    const double high = round_to_dtype(low + scale * 255, DType::kF16);
    const QuantizedLut half = quantize_lut({low, high}, 2, DType::kF16, spec);
    BOOST_REQUIRE(half.scale[0] == scale);
    BOOST_TEST(static_cast<int>(static_cast<std::int8_t>(half.zero_point[0])) == -12);
}

BOOST_AUTO_TEST_CASE(a_given_range_and_its_scale_are_float32) {
    LutQSpec spec;
    spec.float_min = -1.3;
    spec.float_max = 0.9;
    for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
        const QuantizedLut integers = quantize_lut({-0.5, 0.25}, 2, dtype, spec);
        BOOST_TEST(static_cast<float>(integers.scale[0]) == 0.010196078F);
        BOOST_TEST(integers.scale[0] == static_cast<double>(static_cast<float>(integers.scale[0])));
    }
    spec.float_max.reset();
    BOOST_TEST(quantize_lut({-0.5, 0.25}, 2, DType::kF32, spec).scale[0] ==
               static_cast<double>(1.3F / 127.5F));
    spec.float_max = 0.9;
    // So are the steps: 127 * 0.0101960785 in float32.
    BOOST_TEST(quantize_lut({-2, 2}, 2, DType::kF64, spec).dequantized[1] ==
               static_cast<double>(127 * 0.010196078F));
    spec.dtype = LutDType::kFloat8E4M3;
    BOOST_TEST(static_cast<float>(quantize_lut({-0.5, 0.25}, 2, DType::kF16, spec).scale[0]) ==
               0.0029017855F);
}

BOOST_AUTO_TEST_CASE(entries_of_doubles_may_be_quantized_from_float32) {
    // The scale is 1. In float32 the entry lies half-way between two steps.
    const std::vector<double> lut{0.5 + 1e-9, 127.5};
    BOOST_TEST(quantize_lut(lut, 2, DType::kF64, {}, false).quantized[0] == 1);
    BOOST_TEST(quantize_lut(lut, 2, DType::kF64, {}, true).quantized[0] == 0);
    // The range is that of the doubles.
    const std::vector<double> range{0, 127.5 + 1e-9};
    BOOST_TEST(quantize_lut(range, 2, DType::kF64, {}, true).scale[0] == (127.5 + 1e-9) / 127.5);
}

BOOST_AUTO_TEST_SUITE_END()
