#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "stages/tensor/dtype.hpp"

using namespace pal;

BOOST_AUTO_TEST_SUITE(dtype)

BOOST_AUTO_TEST_CASE(every_half_survives_the_way_to_float_and_back) {
    for (unsigned bits = 0; bits < 65536; ++bits) {
        const float value = half_to_float(static_cast<std::uint16_t>(bits));
        if (std::isnan(value)) continue;
        BOOST_REQUIRE_EQUAL(float_to_half(value), bits);
    }
}

BOOST_AUTO_TEST_CASE(every_bfloat16_survives_the_way_to_float_and_back) {
    for (unsigned bits = 0; bits < 65536; ++bits) {
        const float value = bfloat16_to_float(static_cast<std::uint16_t>(bits));
        if (std::isnan(value)) continue;
        BOOST_REQUIRE_EQUAL(float_to_bfloat16(value), bits);
    }
}

BOOST_AUTO_TEST_CASE(half_agrees_with_the_compiler) {
    // The compiler's _Float16 is an implementation of its own; steps are odd, so that ties and
    // non-ties both occur.
    for (std::uint32_t bits = 0; bits < 0x7F800000U; bits += 49999) {
        const float value = std::bit_cast<float>(bits);
        const auto expected = std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
        BOOST_REQUIRE_EQUAL(float_to_half(value), expected);
        BOOST_REQUIRE_EQUAL(float_to_half(-value), expected | 0x8000);
    }
}

BOOST_AUTO_TEST_CASE(ties_go_to_even) {
    BOOST_TEST(half_to_float(float_to_half(2049.0F)) == 2048.0F);  // between 2048 and 2050
    BOOST_TEST(half_to_float(float_to_half(2051.0F)) == 2052.0F);
    BOOST_TEST(round_to_dtype(257.0, DType::kBF16) == 256.0);
    BOOST_TEST(round_to_dtype(259.0, DType::kBF16) == 260.0);
}

BOOST_AUTO_TEST_CASE(beyond_the_largest_half_is_infinity) {
    BOOST_TEST(std::isinf(half_to_float(float_to_half(65520.0F))));
    BOOST_TEST(half_to_float(float_to_half(65519.0F)) == 65504.0F);
    BOOST_TEST(std::isnan(half_to_float(float_to_half(std::numeric_limits<float>::quiet_NaN()))));
}

BOOST_AUTO_TEST_CASE(half_from_double_rounds_once) {
    // 1 + 2^-11 + 2^-40: over float it would become 1 + 2^-11 and then, on the tie, 1.
    BOOST_TEST(half_to_float(double_to_half(1 + 0x1p-11 + 0x1p-40)) == 1.0F + 0x1p-10F);
}

BOOST_AUTO_TEST_SUITE_END()
