#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

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

// Every LUT dtype x scheme x weight dtype: what is stored decodes to the LUT, in the weight's
// dtype, within half a step.
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

BOOST_AUTO_TEST_SUITE_END()
