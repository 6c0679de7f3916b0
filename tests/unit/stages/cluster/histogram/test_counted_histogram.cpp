// Histograms by counting know counts and means exactly.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/every_target.hpp"

using namespace pal;
using cluster::CountedBin;
using test::normal;

namespace {

/// Bins are disjoint and ascending, and each says what the values in it are.
void check_bins(std::vector<float> values, std::size_t fine_bins, int passes) {
    const auto histogram =
        cluster::counted_histogram(cluster::blocks_of(values), fine_bins, passes);
    BOOST_REQUIRE(histogram.finite);
    std::sort(values.begin(), values.end());
    auto value = values.begin();
    double before = -std::numeric_limits<double>::infinity();
    for (const CountedBin& bin : histogram.bins) {
        BOOST_REQUIRE(bin.low <= bin.high);
        BOOST_REQUIRE((bin.low > before || bin.low == 0));
        before = bin.high;
        double sum = 0;
        double count = 0;
        // -0 ends a bin, +0 begins the next: there are no -0 among these values.
        const bool ends_in_minus_zero = bin.high == 0 && bin.mean < 0;
        for (; value != values.end() &&
               (ends_in_minus_zero ? double(*value) < 0 : double(*value) <= bin.high);
             ++value, ++count) {
            BOOST_REQUIRE(double(*value) >= bin.low);
            sum += double(*value) - bin.low;
        }
        BOOST_REQUIRE(count == bin.weight);
        BOOST_TEST(std::abs(bin.low + sum / count - bin.mean) <=
                   1e-9 * (bin.high - bin.low) + 1e-15 * std::abs(bin.mean));
    }
    BOOST_TEST((value == values.end()));
}

std::vector<float> drawn(std::size_t count, const std::function<double(std::mt19937&)>& draw) {
    std::mt19937 random(17);
    std::vector<float> values(count);
    for (float& value : values) value = float(draw(random)) + 0.0F;
    return values;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(counted_histograms)

BOOST_AUTO_TEST_CASE(counts_and_means_are_exact) {
    for (const int passes : {1, 2}) {
        for (const std::size_t count : {100, 5000, 300000}) {
            for (const std::size_t fine_bins : {64, 4096}) {
                check_bins(drawn(count, normal), fine_bins, passes);
                check_bins(drawn(count, [](auto& r) { return 1000 + normal(r); }), fine_bins,
                           passes);
                check_bins(drawn(count, [](auto& r) { return normal(r) * 1e-39; }), fine_bins,
                           passes);
                check_bins(drawn(count, [](auto& r) { return std::tan(normal(r) * 70); }),
                           fine_bins, passes);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(zeros_of_both_signs_are_one_value) {
    std::vector<float> values(40000, 0.0F);
    for (std::size_t v = 0; v < values.size(); v += 2) values[v] = -0.0F;
    values[7] = 1;
    const auto histogram = cluster::counted_histogram(cluster::blocks_of(values), 4096, 1);
    BOOST_REQUIRE(histogram.bins.size() == 2);
    BOOST_TEST(histogram.bins[0].weight == 39999);
    BOOST_TEST(histogram.bins[0].mean == 0);
}

BOOST_AUTO_TEST_CASE(a_nan_or_infinity_is_noticed) {
    for (const float bad :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        for (const std::size_t at : {0, 12345, 299999}) {
            std::vector<float> values = drawn(300000, normal);
            values[at] = bad;
            for (const int passes : {1, 2}) {
                BOOST_TEST(
                    !cluster::counted_histogram(cluster::blocks_of(values), 4096, passes).finite);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
