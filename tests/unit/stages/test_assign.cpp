#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "tests/support/nearest_indices.hpp"

using namespace pal;

namespace {

template <class Real>
std::uint8_t nearest_by_definition(Real value, const std::vector<double>& lut) {
    std::size_t best = 0;
    for (std::size_t e = 1; e < lut.size(); ++e) {
        if (std::abs(static_cast<double>(value) - lut[e]) <
            std::abs(static_cast<double>(value) - lut[best]))
            best = e;
    }
    return static_cast<std::uint8_t>(best);
}

/// Index of the entry that each value is assigned. A short LUT repeats its last entry, as in a
/// file.
template <class Real>
std::vector<std::uint8_t> assigned(const std::vector<Real>& values, std::vector<double> lut) {
    lut.resize(std::bit_ceil(std::max<std::size_t>(lut.size(), 2)), lut.back());
    const auto geometry = std::get<Geometry>(make_geometry({values.size()}, {0, 0}, {}, false));
    return test::nearest_indices(values, geometry, lut, lut.size());
}

template <class Real>
void check_against_definition(std::size_t entries, std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> grid(-40, 40);  // coarse: many ties and equal entries
    std::vector<double> lut(entries);
    for (double& entry : lut) entry = grid(random) / 4.0;
    std::sort(lut.begin(), lut.end());
    std::vector<Real> values(count);
    for (Real& value : values) value = static_cast<Real>(grid(random) / 8.0);
    const std::vector<std::uint8_t> indices = assigned(values, lut);
    for (std::size_t v = 0; v < count; ++v) {
        BOOST_REQUIRE_EQUAL(indices[v], nearest_by_definition(values[v], lut));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(assigning)

BOOST_AUTO_TEST_CASE(nearest_entry_with_ties_to_the_lower_index) {
    unsigned seed = 1;
    for (const std::size_t entries : {1, 2, 3, 4, 8, 15, 16, 17, 64, 255, 256}) {
        for (const std::size_t count : {1, 7, 8, 9, 15, 16, 17, 31, 33, 1000}) {
            BOOST_TEST_CONTEXT("entries " << entries << " count " << count << " seed " << seed) {
                check_against_definition<float>(entries, count, seed);
                check_against_definition<double>(entries, count, seed);
            }
            ++seed;
        }
    }
}

BOOST_AUTO_TEST_CASE(a_tie_between_floats_that_no_float_separates) {
    const float low = 1.0F;
    const float high = std::nextafter(low, 2.0F);
    const std::vector<std::uint8_t> expected{0, 1};
    BOOST_TEST(assigned(std::vector<float>{low, high}, {low, high}) == expected,
               boost::test_tools::per_element());
}

// The middle of such entries is rounded to even, up or down.
BOOST_AUTO_TEST_CASE(doubles_between_entries_a_few_steps_apart) {
    for (double low : {1.0, std::nextafter(1.0, 2.0), -1.0, std::nextafter(-1.0, 0.0), 0.0}) {
        std::vector<double> values{low};
        for (int steps = 1; steps < 8; ++steps) {
            values.push_back(std::nextafter(values.back(), 2.0));
            const std::vector<double> lut{low, values.back()};
            std::vector<std::uint8_t> expected;
            for (const double value : values) expected.push_back(nearest_by_definition(value, lut));
            BOOST_TEST(assigned(values, lut) == expected, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(vectors_go_to_the_nearest_vector) {
    PalettizationSpec spec;
    spec.cluster_dim = 2;
    const auto geometry = std::get<Geometry>(make_geometry({4, 2}, {0, 1}, spec, false));
    // Vectors along the output channels: (1, 3), (2, 4), (5, 7), (6, 8).
    const std::vector<float> weights{1, 2, 3, 4, 5, 6, 7, 8};
    const std::vector<double> lut{6, 8, 1, 3, 1, 3, 0, 0};
    const std::vector<std::uint8_t> expected{1, 1, 0, 0};
    BOOST_TEST(test::nearest_indices(weights, geometry, lut, 4) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
