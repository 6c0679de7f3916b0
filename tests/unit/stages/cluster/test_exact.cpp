// The exact engine on many values: in windows around the boundaries.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "stages/cluster/bounds/boundary_windows.hpp"
#include "stages/cluster/cluster.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/labels.hpp"
#include "tests/support/threads.hpp"

using namespace pal;
using pal::cluster::CountedBin;
using pal::test::Distribution;
using pal::test::distributions;
using pal::test::kArithmetic;

namespace {

std::vector<float> drawn(const Distribution& distribution, std::size_t count) {
    std::mt19937 random(static_cast<unsigned>(count));
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(distribution.second(random));
    return values;
}

/// How much of the values lies in windows; each boundary of the optimum must.
double check_windows(const char* name, const std::vector<float>& values, std::size_t k,
                     std::size_t fine_bins) {
    const auto counted = cluster::counted_histogram(cluster::blocks_of(values), fine_bins, 1).bins;
    const cluster::BinnedData data(counted);
    const auto [open, price] = cluster::boundary_windows(data, k);
    if (open.empty()) return 1;
    const auto distinct = cluster::distinct_values(WeightedPoints<float>{values, {}});
    const auto bins = bins_of(distinct, data.coordinates());
    const auto bin_of = [&](double value) {
        return static_cast<std::size_t>(
                   std::upper_bound(counted.begin(), counted.end(), value,
                                    [](double v, const CountedBin& bin) { return v < bin.low; }) -
                   counted.begin()) -
               1;
    };
    const auto boundaries = cluster::optimal_partition(bins, k);
    for (std::size_t c = 1; c < k; ++c) {
        const std::size_t below = bin_of(distinct.values[boundaries[c] - 1]);
        const std::size_t above = bin_of(distinct.values[boundaries[c]]);
        BOOST_TEST((open[below] != 0 && open[above] != 0), name << ", k " << k << ": boundary " << c
                                                                << " in bins " << below << ", "
                                                                << above);
    }
    double inside = 0;
    for (std::size_t b = 0; b < open.size(); ++b) inside += open[b] != 0 ? counted[b].weight : 0;
    return inside / static_cast<double>(values.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exact_in_windows)

BOOST_AUTO_TEST_CASE(windows_hold_the_boundaries_of_the_optimum, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        const std::vector<float> values = drawn(distribution, 30000);
        for (const std::size_t k : {2, 3, 16, 64}) {
            for (const std::size_t fine_bins : {32 * k, 256 * k})
                (void)check_windows(distribution.first, values, k, fine_bins);
        }
    }
}

BOOST_AUTO_TEST_CASE(windows_leave_most_values_out) {
    const std::vector<float> values = drawn(distributions().front(), 200000);
    BOOST_TEST(check_windows("normal", values, 16, 256 * 16) < 0.1);
    BOOST_TEST(check_windows("normal", values, 64, 256 * 64) < 0.25);
}

BOOST_AUTO_TEST_CASE(the_optimum_is_the_same_as_over_all_values, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        const std::vector<float> values = drawn(distribution, 70000);
        const std::vector<double> doubles(values.begin(), values.end());  // these are all sorted
        for (const std::size_t k : {2, 7, 16, 64}) {
            const Lut windows = cluster_exact(WeightedPoints<float>{values, {}}, k);
            const Lut sorted = cluster_exact(WeightedPoints<double>{doubles, {}}, k);
            BOOST_TEST(windows.centroids.size() == sorted.centroids.size());
            BOOST_TEST(windows.cost <= sorted.cost * (1 + 1e-7),
                       distribution.first << ", k " << k << ": " << windows.cost / sorted.cost - 1);
            BOOST_TEST(windows.cost >= sorted.cost * (1 - 1e-7),
                       distribution.first << ", k " << k << ": " << windows.cost / sorted.cost - 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_lut_does_not_depend_on_threads) {
    const std::vector<float> values = drawn(distributions()[1], 300000);
    const auto solve = [&] { return cluster_exact(WeightedPoints<float>{values, {}}, 16); };
    const Lut one = test::with_threads(1, solve);
    for (const std::size_t threads : {2, 3, 8}) {
        const Lut other = test::with_threads(threads, solve);
        BOOST_TEST((other.centroids == one.centroids && other.cost == one.cost),
                   threads << " threads");
    }
}

BOOST_AUTO_TEST_SUITE_END()
