// Histograms that only count: bins hold what lies in them, and values that do not suit are refused.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "stages/cluster/histogram/even_histogram.hpp"
#include "stages/cluster/histogram/pattern_histogram.hpp"
#include "stages/kernels/count_values.hpp"
#include "stages/tensor/dtype.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/every_target.hpp"

using namespace pal;
using cluster::CountedBin;
using test::normal;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class Draw>
std::vector<float> drawn(std::size_t count, const Draw& draw) {
    std::mt19937 random(17);
    std::vector<float> values(count);
    for (float& value : values) value = float(draw(random));
    return values;
}

/// Bins ascend, hold every value once, and lie where their values do (to the rounding of a float).
void check_bins(std::vector<float> values, const std::vector<CountedBin>& bins) {
    std::sort(values.begin(), values.end());
    const double slack = 4e-7 * std::max(std::abs(values.front()), std::abs(values.back()));
    std::size_t v = 0;
    std::size_t misplaced = 0;
    double before = -kInfinity;
    for (const CountedBin& bin : bins) {
        BOOST_REQUIRE(bin.mean > before);
        before = bin.mean;
        BOOST_REQUIRE(bin.weight <= double(values.size() - v));
        for (double left = bin.weight; left > 0; --left, ++v) {
            const double value = values[v];
            misplaced += value < bin.low - slack || value > bin.high + slack ? 1 : 0;
        }
    }
    BOOST_TEST(misplaced == 0);
    BOOST_TEST(v == values.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(even_histograms)

BOOST_AUTO_TEST_CASE(every_value_is_counted_in_its_bin) {
    for (const std::size_t count : {20000, 300000, 1500000}) {
        for (const std::size_t clusters : {2, 16, 256}) {
            for (const double centre : {0.0, 1000.0, -1e-30}) {
                const auto values = drawn(count, [&](auto& r) { return centre + normal(r); });
                const auto histogram =
                    cluster::even_histogram(cluster::blocks_of(values), clusters);
                // A float near 1000 has 2^-14 for a step: values repeat.
                BOOST_REQUIRE(histogram.has_value() == (centre != 1000.0));
                if (!histogram) continue;
                BOOST_TEST(histogram->finite);
                BOOST_TEST(histogram->bins.size() > 50 * clusters);
                check_bins(values, histogram->bins);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(values_that_the_sample_missed_get_bins_of_their_own) {
    auto values = drawn(300000, normal);
    // A sample takes pieces of 256 values: these lie between them.
    for (const std::size_t at : {299, 150000 + 299}) {
        values[at] = -7.25F;
        values[at + 1] = 3e37F;
        values[at + 2] = 3.5F;
    }
    const auto histogram = cluster::even_histogram(cluster::blocks_of(values), 16);
    BOOST_REQUIRE(histogram.has_value());
    BOOST_TEST(histogram->finite);
    const auto& bins = histogram->bins;
    BOOST_TEST(bins.front().mean == -7.25);
    BOOST_TEST(bins.front().weight == 2);
    BOOST_TEST(bins[bins.size() - 2].mean == 3.5);
    BOOST_TEST(bins.back().mean == double(3e37F));
    BOOST_TEST(bins.back().weight == 2);
    BOOST_TEST(bins.back().low == bins.back().high);
    double weight = 0;
    for (const CountedBin& bin : bins) weight += bin.weight;
    BOOST_TEST(weight == 300000);
}

BOOST_AUTO_TEST_CASE(far_from_zero_what_the_sample_missed_stays_on_its_side) {
    auto values = drawn(20000, [](auto& r) { return 10 + normal(r); });
    values[1] = 9;
    values[2] = 11;
    const auto histogram = cluster::even_histogram(cluster::blocks_of(values), 2);
    BOOST_REQUIRE(histogram.has_value());
    check_bins(values, histogram->bins);
}

BOOST_AUTO_TEST_CASE(values_that_do_not_suit_are_refused) {
    const auto refused = [](const std::vector<float>& values) {
        return !cluster::even_histogram(cluster::blocks_of(values), 16).has_value();
    };
    BOOST_TEST(!refused(drawn(100000, normal)));
    BOOST_TEST(
        refused(drawn(100000, [](auto& r) { return round_to_dtype(normal(r), DType::kBF16); })));
    BOOST_TEST(refused(drawn(100000, [](auto& r) { return r() % 10 == 0 ? 0 : normal(r); })));
    BOOST_TEST(refused(drawn(100000, [](auto& r) { return std::exp(2000 * normal(r)); })));
    BOOST_TEST(refused(drawn(100000, [](auto& r) { return r() % 2 * 1.0 + 1e-4 * normal(r); })));
    BOOST_TEST(refused(drawn(100000, [](auto& r) { return 1e-38 * normal(r); })));
    // Clumps narrower than a bin: their bins' centres are not their means.
    BOOST_TEST(refused(drawn(100000, [](auto& r) { return r() % 65 + 0.05 * normal(r); })));
    BOOST_TEST(refused(drawn(1000000, [](auto& r) { return r() % 300 + 0.05 * normal(r); })));
    BOOST_TEST(!refused(drawn(1000000, [](auto& r) { return r() % 65 + 10 * normal(r); })));
    // A clump in each bin, nearly: the counts are even, the values are not.
    for (const unsigned clumps : {2000U, 3200U, 4000U})
        BOOST_TEST(
            refused(drawn(200000, [&](auto& r) { return r() % clumps + 1e-4 * normal(r); })));
    BOOST_TEST(refused(std::vector<float>(100000, 1.5F)));
    std::vector<float> both_ends = drawn(100000, normal);
    for (std::size_t v = 0; v < both_ends.size(); v += 31)
        both_ends[v] = v % 2 == 0 ? 3e38F : -3e38F;
    BOOST_TEST(refused(both_ends));
}

void check_equal(const std::vector<CountedBin>& found, const std::vector<CountedBin>& wanted) {
    BOOST_REQUIRE_EQUAL(found.size(), wanted.size());
    for (std::size_t b = 0; b < found.size(); ++b) {
        BOOST_REQUIRE(found[b].weight == wanted[b].weight && found[b].mean == wanted[b].mean &&
                      found[b].low == wanted[b].low && found[b].high == wanted[b].high);
    }
}

/// Histogram of the bits that values of the type are stored in.
cluster::CountedHistogram stored_histogram(const std::vector<float>& values, DType dtype) {
    std::vector<std::uint16_t> stored;
    for (const float value : values)
        stored.push_back(dtype == DType::kF16 ? float_to_half(value) : float_to_bfloat16(value));
    cluster::FloatBlocks blocks = cluster::blocks_of(values);
    blocks.for_each_stored = [&](const auto& visit) { visit(stored); };
    return cluster::pattern_histogram(blocks, dtype);
}

BOOST_AUTO_TEST_CASE(a_nan_or_infinity_is_noticed_wherever_it_stands) {
    for (const float bad : {kInfinity, -kInfinity, kNaN, -kNaN}) {
        for (const std::size_t at : {0, 299, 123456, 299999}) {
            std::vector<float> values = drawn(300000, normal);
            values[at] = bad;
            const auto histogram = cluster::even_histogram(cluster::blocks_of(values), 16);
            BOOST_TEST((!histogram || !histogram->finite));  // refused: the sample met it
            for (const DType dtype : {DType::kF16, DType::kBF16}) {
                BOOST_TEST(!cluster::pattern_histogram(cluster::blocks_of(values), dtype).finite);
                BOOST_TEST(!stored_histogram(values, dtype).finite);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(f16_and_bf16_values_have_a_bin_each) {
    for (const DType dtype : {DType::kF16, DType::kBF16}) {
        for (const double scale : {1e-6, 1.0, 1e6}) {
            auto values = drawn(100000, [&](auto& r) {
                return round_to_dtype(std::clamp(scale * normal(r), -65000.0, 65000.0), dtype);
            });
            values[0] = -0.0F;
            values[1] = 0.0F;
            values[2] = dtype == DType::kF16 ? 65504.0F : 3e38F;
            values[2] = float(round_to_dtype(values[2], dtype));
            values[3] = -values[2];
            const auto histogram = cluster::pattern_histogram(cluster::blocks_of(values), dtype);
            BOOST_TEST(histogram.finite);
            check_bins(values, histogram.bins);
            check_equal(stored_histogram(values, dtype).bins, histogram.bins);
            std::sort(values.begin(), values.end());
            const auto distinct = std::unique(values.begin(), values.end()) - values.begin();
            BOOST_REQUIRE(histogram.bins.size() == std::size_t(distinct));
            for (std::size_t b = 0; b < histogram.bins.size(); ++b)
                BOOST_REQUIRE(histogram.bins[b].mean == double(values[b]));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_f16_has_a_slot_of_its_own) {
    std::vector<float> values;
    for (std::uint32_t magnitude = 0; magnitude < 0x7C00; ++magnitude) {
        const double value = magnitude < 1024
                                 ? std::ldexp(magnitude, -24)
                                 : std::ldexp(1024 + magnitude % 1024, int(magnitude / 1024) - 25);
        values.push_back(float(value));
        values.push_back(-float(value));
    }
    const auto histogram = cluster::pattern_histogram(cluster::blocks_of(values), DType::kF16);
    BOOST_TEST(histogram.bins.size() == values.size() - 1);  // the zeros are one
    check_equal(stored_histogram(values, DType::kF16).bins, histogram.bins);
    for (const CountedBin& bin : histogram.bins)
        BOOST_REQUIRE(bin.weight == (bin.mean == 0 ? 2 : 1));
}

BOOST_AUTO_TEST_CASE(slots_are_the_same_on_every_target) {
    const kernels::EvenBins grid{-0.07F, 30000.0F, 4200};
    auto values = drawn(4099, normal);
    const float odd[] = {kNaN, -kNaN, kInfinity, -kInfinity, 3e38F, -3e38F, 1e-45F, -0.0F};
    std::copy(std::begin(odd), std::end(odd), values.begin() + 100);
    for (std::size_t s = 0; s < grid.slots(); ++s)  // ties, and their neighbours
        values.push_back(grid.low + (float(s) + 0.5F) / grid.per_unit);
    std::vector<std::uint32_t> expected(grid.slots());
    std::vector<float> expected_outside;
    std::size_t nans = 0;
    for (const float value : values) {
        if (std::isnan(value)) {
            ++nans;
            continue;
        }
        const float place = (value - grid.low) * grid.per_unit;
        const auto slot =
            std::size_t(std::nearbyint(std::clamp(place, 0.0F, float(grid.bins + 1))));
        ++expected[slot];
        if (slot == 0 || slot == grid.bins + 1) expected_outside.push_back(value);
    }
    test::for_each_target([&](const std::string& target) {
        for (const std::size_t length :
             {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{65}, values.size()}) {
            const auto some = std::span(values).first(length);
            std::vector<std::uint32_t> counts(grid.slots());
            std::vector<float> outside;
            kernels::count_even_bins(some, grid, counts);
            kernels::collect_outside(some, grid, outside);
            std::uint64_t total = 0;
            for (const std::uint32_t count : counts) total += count;
            BOOST_TEST(total == length, target);
            BOOST_TEST(outside.size() == counts.front() + counts.back(), target);
            if (length < values.size()) continue;
            counts.front() += counts.back();
            counts.back() = expected.back();
            counts.front() -= std::uint32_t(nans) + expected.back();
            BOOST_TEST(counts == expected, target);
            std::erase_if(outside, [](float value) { return std::isnan(value); });
            BOOST_TEST(outside == expected_outside, target);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
