#include <hwy/targets.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/proven_partition.hpp"
#include "stages/cluster/scalar_luts.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/labels.hpp"

using pal::cluster::Bin;
using pal::test::distributions;
using pal::test::kArithmetic;

namespace {

/// Distinct values with their counts.
std::vector<Bin> bins_of(const std::function<double(std::mt19937&)>& draw, std::size_t count,
                         unsigned seed = 0) {
    std::mt19937 random(seed == 0 ? static_cast<unsigned>(count) : seed);
    std::vector<double> values(count);
    for (double& value : values) value = draw(random);
    std::sort(values.begin(), values.end());
    const auto coordinates = pal::cluster::coordinates_for(values.front(), values.back());
    std::vector<Bin> bins;
    for (const double value : values) {
        const double x = coordinates.of(value);
        if (!bins.empty() && bins.back().mean == x) {
            bins.back().weight += 1;
        } else {
            bins.push_back({1, x, 0});
        }
    }
    return bins;
}

double cost_of(const std::vector<Bin>& bins, const std::vector<std::size_t>& boundaries) {
    double cost = 0;
    for (const Bin& cluster : pal::cluster::clusters_of(bins, boundaries)) cost += cluster.spread;
    return cost;
}

/// The least cost of each number of intervals up to k, by the plain recursion.
std::vector<double> optima_by_definition(const std::vector<Bin>& bins, std::size_t k) {
    const std::size_t count = bins.size();
    std::vector<double> best(count + 1, std::numeric_limits<double>::infinity());
    best[0] = 0;
    std::vector<double> optima{best[count]};
    for (std::size_t c = 1; c <= k; ++c) {
        std::vector<double> next(count + 1, std::numeric_limits<double>::infinity());
        for (std::size_t end = 1; end <= count; ++end) {
            Bin own = bins[end - 1];
            for (std::size_t begin = end; begin-- > 0;) {
                if (begin + 1 < end) own = merged(bins[begin], own);
                next[end] = std::min(next[end], best[begin] + own.spread);
            }
        }
        best.swap(next);
        optima.push_back(best[count]);
    }
    return optima;
}

void check_optima(const char* name, const std::vector<Bin>& bins, std::size_t most) {
    const std::vector<double> optima = optima_by_definition(bins, most);
    for (std::size_t k = 1; k <= std::min(most, bins.size()); ++k) {
        const auto boundaries = pal::cluster::optimal_partition(bins, k);
        BOOST_TEST(boundaries.size() == k + 1);
        const double cost = cost_of(bins, boundaries);
        BOOST_TEST(cost <= optima[k] * (1 + 1e-7),
                   name << ", " << bins.size() << " bins, k " << k << ": " << cost / optima[k] - 1);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(partitions)

BOOST_AUTO_TEST_CASE(optimal_partitions_are_optimal, *kArithmetic) {
    for (const auto& [name, draw] : distributions()) {
        for (const std::size_t count : {2, 3, 17, 60, 250})
            check_optima(name, bins_of(draw, count), 40);
    }
}

BOOST_AUTO_TEST_CASE(a_price_is_found_for_every_number_of_clusters) {
    // Evenly spaced values have one price for many numbers of clusters; other values have a price
    // for each.
    const auto check = [](const char* name, const std::vector<Bin>& bins) {
        const pal::cluster::MergedCosts costs(bins);
        for (std::size_t k = 2; k < std::min<std::size_t>(60, bins.size()); ++k) {
            const auto proven = pal::cluster::proven_partition(bins, costs, k, 0, 1e-7);
            BOOST_TEST(proven.has_value(), name << ", k " << k);
        }
    };
    for (const auto& [name, draw] : distributions()) check(name, bins_of(draw, 300));
    std::vector<Bin> even;
    for (int b = 0; b < 100; ++b) even.push_back({1.0, b / 64.0, 0});
    check("even", even);
    check_optima("even", even, 99);
}

BOOST_AUTO_TEST_CASE(good_partitions_are_within_a_ten_thousandth_of_the_optimum, *kArithmetic) {
    for (const auto& [name, draw] : distributions()) {
        for (const std::size_t count : {40, 300, 1000, 2700, 6000}) {
            const std::vector<Bin> bins = bins_of(draw, count);
            for (const std::size_t k : {1, 2, 4, 8, 16, 64, 256}) {
                if (k >= bins.size() || (k == 256 && count > 3000)) continue;
                const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, k));
                const double good = cost_of(bins, pal::cluster::good_partition(bins, k));
                BOOST_TEST(good <= optimum * (1 + 1e-4), name << ", " << count << " values, k " << k
                                                              << ": " << good / optimum - 1);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(quick_partitions_are_nearly_optimal, *kArithmetic) {
    for (const auto& [name, draw] : distributions()) {
        for (const std::size_t count : {3, 40, 321, 1024}) {
            const std::vector<Bin> bins = bins_of(draw, count);
            for (const std::size_t k : {2, 4, 16, 47}) {
                if (k >= bins.size()) continue;
                const auto quick = pal::cluster::quick_partition(bins, k, 2e-5);
                if (quick.empty()) continue;  // the caller searches in windows
                BOOST_TEST(quick.size() == k + 1);
                const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, k));
                const double found = cost_of(bins, quick);
                BOOST_TEST(found <= optimum * (1 + 3e-5), name << ", " << count << " values, k "
                                                               << k << ": " << found / optimum - 1);
            }
        }
    }
}

/// Windows are 1e-4 to 4e-4 above the optimum for these: they end in another order of few and many
/// clusters.
BOOST_AUTO_TEST_CASE(small_groups_do_not_end_in_local_optima) {
    std::size_t found = 0;
    for (unsigned seed = 1; seed <= 400; ++seed) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        std::vector<double> values(1024);
        for (double& value : values) value = normal(random);
        std::sort(values.begin(), values.end());
        pal::cluster::DistinctValues<double> distinct{values, std::vector<double>(1024, 1.0)};
        const auto coordinates = pal::cluster::coordinates_for(values.front(), values.back());
        const auto bins = pal::cluster::bins_of(distinct, coordinates);
        const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, 16));
        const double windows = cost_of(bins, pal::cluster::good_partition(bins, 16));
        found += windows > optimum * (1 + 1e-4) ? 1 : 0;
        const double cost =
            pal::cluster::good_lut(distinct, 16).cost * coordinates.unit * coordinates.unit;
        BOOST_TEST(cost <= optimum * (1 + 2e-5), "seed " << seed << ": " << cost / optimum - 1);
    }
    BOOST_TEST(found > 0);  // the seeds are no test otherwise
}

/// One in a thousand lies far beyond the others: a window over the gap between them spans as much
/// as it likes, and must still tell the others' boundaries apart.
BOOST_AUTO_TEST_CASE(few_values_far_away_do_not_hide_the_many, *kArithmetic) {
    for (const double share : {1e-3, 1e-2}) {
        for (const double bulk : {1e-3, 1.0}) {
            std::mt19937 random(5);
            std::uniform_real_distribution<double> part(0, 1);
            std::vector<double> values(20000);
            for (double& value : values)
                value = part(random) < share ? 10 + part(random) : bulk * part(random);
            std::sort(values.begin(), values.end());
            std::vector<Bin> bins;
            for (const double value : values) bins.push_back({1.0, value / 16, 0});
            for (const std::size_t k : {8, 16, 64, 256}) {
                const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, k));
                const double good = cost_of(bins, pal::cluster::good_partition(bins, k));
                BOOST_TEST(good <= optimum * (1 + 1e-4), "share " << share << ", bulk " << bulk
                                                                  << ", k " << k << ": "
                                                                  << good / optimum - 1);
            }
        }
    }
}

/// More clumps than cuts: boundaries lie between clumps, wherever the cuts are.
BOOST_AUTO_TEST_CASE(hundreds_of_clumps_are_told_apart, *kArithmetic) {
    for (const std::size_t clumps : {100, 200, 300, 400}) {
        std::mt19937 random(static_cast<unsigned>(clumps));
        for (int trial = 0; trial < 6; ++trial) {
            std::vector<double> centres(clumps);
            for (double& centre : centres)
                centre = trial % 2 == 0 ? std::normal_distribution<>(0, 0.2)(random)
                                        : std::student_t_distribution<>(2)(random) / 64;
            const auto draw = [&](std::mt19937& r) {
                return centres[r() % clumps] + std::normal_distribution<>(0, 2e-6)(r);
            };
            const std::vector<Bin> bins = bins_of(draw, 2048);
            for (const std::size_t k : {4, 8, 16, 32, 64}) {
                const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, k));
                const double good = cost_of(bins, pal::cluster::good_partition(bins, k));
                BOOST_TEST(good <= optimum * (1 + 1e-4),
                           clumps << " clumps, k " << k << ": " << good / optimum - 1);
            }
        }
    }
}

/// Values whose best places the windows' steps hide: clumps of many values, half of the values far
/// apart from one another, three clumps as far from one another as sums of squares can tell, few
/// bins of many values.
BOOST_AUTO_TEST_CASE(rough_data_is_solved_for_good, *kArithmetic) {
    using Normal = std::normal_distribution<>;
    const auto check = [](const char* name, const std::vector<Bin>& bins, std::size_t k) {
        const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, k));
        const double good = cost_of(bins, pal::cluster::good_partition(bins, k));
        BOOST_TEST(good <= optimum * (1 + 1e-4), name << ", k " << k << ": " << good / optimum - 1);
    };
    const auto integers = [](std::mt19937& r) {
        return std::round(Normal(0, 30)(r)) + Normal(0, 1e-4)(r);
    };
    const auto lognormal = [](std::mt19937& r) {
        return std::exp(Normal(0, 4)(r)) * (r() % 2 == 0 ? 1e-9 : -1e-9);
    };
    const auto three = [](std::mt19937& r) {
        const std::array<double, 3> centres{-1, 0, 1000};
        return double(float(centres[r() % 3] + Normal(0, 1e-3)(r)));
    };
    for (const unsigned seed : {1U, 3U, 4U, 5U}) {
        std::vector<Bin> levels =
            bins_of([](std::mt19937& r) { return Normal(0, 0.2)(r); }, 1000, seed);
        std::mt19937 random(seed);
        for (Bin& level : levels) level.weight = 40 + random() % 50;
        for (const std::size_t k : {4, 8, 16, 32}) {
            check("integers", bins_of(integers, 8192, seed), k);
            check("lognormal", bins_of(lognormal, 8192, seed), k);
            check("three clumps", bins_of(three, 20000, seed), k);
            check("levels", levels, k);
        }
    }
}

BOOST_AUTO_TEST_CASE(good_partitions_are_the_same_on_every_instruction_set) {
    const auto solve = [] {
        std::vector<std::vector<std::size_t>> boundaries;
        for (const auto& [name, draw] : distributions()) {
            const std::vector<Bin> bins = bins_of(draw, 1500);
            for (const std::size_t k : {1, 3, 16, 64})
                boundaries.push_back(pal::cluster::good_partition(bins, k));
        }
        return boundaries;
    };
    const auto expected = solve();
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        BOOST_TEST((solve() == expected), hwy::TargetName(target));
    }
    hwy::SetSupportedTargetsForTest(0);
}

BOOST_AUTO_TEST_CASE(as_many_clusters_as_bins_or_more_give_each_bin_its_own) {
    const std::vector<Bin> bins{{1, -1, 0}, {2, 0, 0}, {1, 0.5, 0}};
    const std::vector<std::size_t> expected{0, 1, 2, 3};
    for (const std::size_t k : {3, 4, 256})
        BOOST_TEST(pal::cluster::good_partition(bins, k) == expected,
                   boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rounding_takes_no_mean_beyond_its_bins) {
    // -1 + (1 - 1e-156) is 0, which is above the next bin.
    const std::vector<Bin> bins{{1e-35, -1, 0}, {1, -1e-156, 0}, {1, -1e-157, 0}};
    const auto clusters = pal::cluster::clusters_of(bins, {0, 2, 3});
    BOOST_TEST(clusters[0].mean == -1e-156);
    BOOST_TEST(clusters[1].mean == -1e-157);
}

BOOST_AUTO_TEST_CASE(weights_that_sums_would_lose_are_heeded) {
    std::vector<Bin> bins;
    for (int b = 0; b < 200; ++b) bins.push_back({b % 2 == 0 ? 1e200 : 1e-200, b * 0.01, 0});
    const double optimum = cost_of(bins, pal::cluster::optimal_partition(bins, 8));
    BOOST_TEST(cost_of(bins, pal::cluster::good_partition(bins, 8)) <= optimum * (1 + 1e-4));
}

BOOST_AUTO_TEST_SUITE_END()
