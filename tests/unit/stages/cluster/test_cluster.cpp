#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "stages/cluster/cluster.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/labels.hpp"

using namespace pal;
using pal::test::Distribution;
using pal::test::distributions;
using pal::test::kArithmetic;
using pal::test::true_cost;
namespace tt = boost::test_tools;

namespace {

template <class Real>
WeightedPoints<Real> points_of(const std::vector<Real>& values,
                               const std::vector<double>& weights = {}) {
    return {values, weights};
}

/// All partitions of the sorted values into k intervals.
double brute_force(std::vector<double> values, std::vector<double> weights, std::size_t k) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
    const auto cost = [&](std::size_t begin, std::size_t end) {
        double weight = 0;
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            weight += weights[order[i]];
            sum += weights[order[i]] * values[order[i]];
        }
        double total = 0;
        for (std::size_t i = begin; i < end && weight > 0; ++i) {
            total += weights[order[i]] * std::pow(values[order[i]] - sum / weight, 2);
        }
        return total;
    };
    const std::function<double(std::size_t, std::size_t)> best = [&](std::size_t begin,
                                                                     std::size_t left) {
        if (left == 1) return cost(begin, values.size());
        double least = cost(begin, values.size());
        for (std::size_t end = begin + 1; end < values.size(); ++end) {
            least = std::min(least, cost(begin, end) + best(end, left - 1));
        }
        return least;
    };
    return best(0, k);
}

template <class Real>
void check_fast(const char* name, const std::vector<Real>& values, std::size_t k, DType dtype) {
    const std::size_t count = values.size();
    const Lut exact = cluster_exact(points_of(values), k);
    const Lut fast = cluster_fast(points_of(values), dtype, k);
    double largest = 0;
    for (const Real value : values) largest = std::max(largest, std::abs(double(value)));
    const double unit = largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1.0;
    const double optimum = true_cost(values, exact, unit);
    const double reached = true_cost(values, fast, unit);
    BOOST_TEST(reached <= optimum * (1 + 1e-4) + 1e-25 * double(count),
               name << " " << dtype_name(dtype) << ", " << count << " values, k " << k << ": "
                    << reached / optimum - 1 << " above the optimum");
}

template <class Real>
void check_fast(const Distribution& distribution, std::size_t count, std::size_t k, DType dtype) {
    std::mt19937 random(static_cast<unsigned>(count * 31 + k));
    std::vector<Real> values(count);
    for (Real& value : values)
        value = static_cast<Real>(round_to_dtype(distribution.second(random), dtype));
    check_fast(distribution.first, values, k, dtype);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clustering)

BOOST_AUTO_TEST_CASE(exact_equals_brute_force) {
    std::mt19937 random(5);
    for (int trial = 0; trial < 300; ++trial) {
        const std::size_t count = 1 + random() % 10;
        const std::size_t k = 1 + random() % 4;
        std::vector<double> values(count);
        std::vector<double> weights(count);
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = static_cast<double>(random() % 20) / 4 - 2;
            weights[i] = static_cast<double>(random() % 5);
        }
        weights[0] = 1;
        for (const auto& w : {weights, std::vector<double>(count, 1.0)}) {
            const double optimum = brute_force(values, w, k);
            const double cost = cluster_exact(points_of(values, w), k).cost;
            BOOST_TEST(std::abs(cost - optimum) <= 1e-12 * (1 + optimum), "trial " << trial);
            const double fast = cluster_fast(points_of(values, w), DType::kF64, k).cost;
            BOOST_TEST(std::abs(fast - optimum) <= 1e-12 * (1 + optimum), "trial " << trial);
        }
    }
}

BOOST_AUTO_TEST_CASE(exact_is_the_same_with_and_without_a_table, *kArithmetic) {
    // 300,000 distinct values at k = 32 do not fit the table of boundaries: the middle is carried
    // instead. The costs of the recursion must add up to a partition no worse than one found
    // through bins.
    std::mt19937 random(9);
    std::vector<float> values(300000);
    for (float& value : values) value = std::normal_distribution<float>(0, 1)(random);
    const Lut exact = cluster_exact(points_of(values), 32);
    const Lut fast = cluster_fast(points_of(values), DType::kF32, 32);
    BOOST_TEST(exact.cost <= fast.cost * (1 + 1e-12));
    BOOST_TEST(fast.cost <= exact.cost * (1 + 1e-4));
}

BOOST_AUTO_TEST_CASE(fast_is_within_a_ten_thousandth_of_exact, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        for (const std::size_t count : {1, 2, 17, 300, 2049}) {
            for (const std::size_t k : {2, 4, 16, 64, 256}) {
                check_fast<float>(distribution, count, k, DType::kF32);
                check_fast<double>(distribution, count, k, DType::kF64);
            }
            check_fast<float>(distribution, count, 16, DType::kBF16);
        }
        for (const std::size_t k : {2, 3, 4, 8, 16, 256})
            check_fast<float>(distribution, 20000, k, DType::kF32);
        check_fast<double>(distribution, 20000, 64, DType::kF64);
        check_fast<float>(distribution, 20000, 16, DType::kBF16);
    }
}

BOOST_AUTO_TEST_CASE(fast_is_within_a_ten_thousandth_of_exact_on_a_million, *kArithmetic) {
    for (const std::size_t d : {0, 4})
        check_fast<float>(distributions()[d], 1000000, 16, DType::kF32);
}

/// Equally many of each: whole clumps lie at boundaries, and where a clump seems to lie inside its
/// bin decides which side is cheaper.
BOOST_AUTO_TEST_CASE(fast_tells_equal_clumps_apart, *kArithmetic) {
    for (const double width : {1e-4, 1e-3, 1e-2}) {
        std::mt19937 random(3);
        std::vector<float> values(32768);
        for (std::size_t v = 0; v < values.size(); ++v)
            values[v] = float(double(v / 505) + std::normal_distribution<>(0, width)(random));
        for (const std::size_t k : {2, 3, 4, 5, 8, 16, 32})
            check_fast("equal clumps", values, k, DType::kF32);
    }
}

BOOST_AUTO_TEST_CASE(fast_heeds_weights_on_many_values, *kArithmetic) {
    // Weights that grow with the value: unweighted, the LUT would lie elsewhere.
    std::mt19937 random(6);
    for (const std::size_t count : {3000, 40000}) {
        std::vector<float> values(count);
        std::vector<double> weights(count);
        for (std::size_t v = 0; v < count; ++v) {
            values[v] = std::normal_distribution<float>(0, 0.02F)(random);
            weights[v] = random() % 8 == 0 ? 0.0 : std::exp(100.0 * values[v]);
        }
        const auto cost_of = [&](const Lut& lut) {
            double cost = 0;
            for (std::size_t v = 0; v < count; ++v)
                cost += weights[v] * true_cost<float>({values[v]}, lut);
            return cost;
        };
        for (const std::size_t k : {4, 16, 256}) {
            const double exact = cost_of(cluster_exact(points_of(values, weights), k));
            const double fast = cost_of(cluster_fast(points_of(values, weights), DType::kF32, k));
            const double blind = cost_of(cluster_fast(points_of(values), DType::kF32, k));
            BOOST_TEST(fast <= exact * (1 + 1e-4),
                       count << " values, k " << k << ": " << fast / exact - 1);
            BOOST_TEST(blind > exact * 1.2);
        }
    }
}

BOOST_AUTO_TEST_CASE(luts_do_not_depend_on_the_threads) {
    std::mt19937 random(10);
    std::vector<float> values(1 << 21);  // large enough for every parallel path
    for (float& value : values) value = std::student_t_distribution<float>(4)(random);
    const std::vector<float> fewer(values.begin(), values.begin() + (1 << 16));
    const auto with_threads = [&](std::size_t threads) {
        const oneapi::tbb::global_control limit(
            oneapi::tbb::global_control::max_allowed_parallelism, threads);
        oneapi::tbb::task_arena arena(static_cast<int>(threads));
        return arena.execute([&] {
            return std::vector<std::vector<double>>{
                cluster_fast(points_of(values), DType::kF32, 256).centroids,
                cluster_exact(points_of(fewer), 16).centroids,
                cluster_vectors(points_of(fewer), 2, 16, 1).centroids};
        });
    };
    const auto one = with_threads(1);
    for (const std::size_t threads : {2, 3, 8})
        BOOST_TEST((with_threads(threads) == one), threads << " threads");
}

BOOST_AUTO_TEST_CASE(fast_is_within_a_ten_thousandth_of_exact_for_halves, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        const std::string name = distribution.first;
        if (name == "huge" || name == "heavy tails" || name == "outlier")
            continue;  // beyond the range of halves
        for (const std::size_t k : {4, 16, 256})
            check_fast<float>(distribution, 30000, k, DType::kF16);
    }
}

BOOST_AUTO_TEST_CASE(huge_doubles_are_clustered) {
    std::mt19937 random(1);
    std::vector<double> values(5000);
    for (double& value : values) value = std::uniform_real_distribution<>(-1, 1)(random) * 1e300;
    const Lut exact = cluster_exact(points_of(values), 16);
    BOOST_TEST(true_cost(values, cluster_fast(points_of(values), DType::kF64, 16), 1e-300) <=
               true_cost(values, exact, 1e-300) * (1 + 1e-4));
}

BOOST_AUTO_TEST_CASE(few_distinct_values_are_met_exactly) {
    const std::vector<float> values{0.1F, -0.0F, 0.3F, 0.0F, 0.1F, 0.3F};
    const std::vector<double> expected{0.0, 0.1F, 0.3F};
    BOOST_TEST(cluster_exact(points_of(values), 4).centroids == expected, tt::per_element());
    BOOST_TEST(cluster_fast(points_of(values), DType::kF32, 4).centroids == expected,
               tt::per_element());
}

BOOST_AUTO_TEST_CASE(weights_stand_for_repetition) {
    const std::vector<float> few{1, 2, 4, 8};
    const std::vector<double> weights{3, 1, 2, 1};
    const std::vector<float> many{1, 1, 1, 2, 4, 4, 8};
    BOOST_TEST(cluster_exact(points_of(few, weights), 2).centroids ==
                   cluster_exact(points_of(many), 2).centroids,
               tt::per_element());
}

BOOST_AUTO_TEST_CASE(reference_knows_upstreams_cases) {
    const std::vector<float> values{1, 1, 2, 2, 1, 2};
    const Lut lut = cluster_reference(points_of(values), DType::kF32, PalettizationSpec{}, 4);
    const std::vector<double> centroids{1, 2};
    const std::vector<std::uint8_t> clusters{0, 0, 1, 1, 0, 1};
    BOOST_TEST(lut.centroids == centroids, tt::per_element());
    BOOST_TEST(lut.clusters == clusters, tt::per_element());
}

BOOST_AUTO_TEST_CASE(reference_flattens_small_weights_as_upstream_does) {
    // 4 decimals: 0.00004 becomes 0, 0.00006 becomes 0.0001.
    const std::vector<float> values{0.00004F, 0.00006F, 0.00001F, 0.00014F};
    PalettizationSpec spec;
    const Lut rounded = cluster_reference(points_of(values), DType::kF32, spec, 4);
    BOOST_TEST(rounded.centroids.size() == 2U);
    BOOST_TEST(rounded.centroids[1] == double(1.0F / 10000.0F));
    spec.enable_fast_kmeans_mode = false;
    BOOST_TEST(cluster_reference(points_of(values), DType::kF32, spec, 4).centroids.size() == 4U);
}

BOOST_AUTO_TEST_CASE(reference_rounds_to_halves_before_it_rounds_to_decimals) {
    // Next to 2 halves lie 2^-9 apart: 2.0004 is 2, and 2.001 is 2.00195, to four decimals 2.0020.
    const std::vector<float> values{2.0004F, 2.0F, 2.001F, 3.0F};
    const Lut lut = cluster_reference(points_of(values), DType::kF32, PalettizationSpec{}, 4);
    const std::vector<double> centroids{2, 2.002F, 3};
    const std::vector<std::uint8_t> clusters{0, 0, 1, 2};
    BOOST_TEST(lut.centroids == centroids, tt::per_element());
    BOOST_TEST(lut.clusters == clusters, tt::per_element());
}

BOOST_AUTO_TEST_CASE(reference_rounds_to_the_decimals_that_it_is_told) {
    const std::vector<float> values{0.004F, 0.006F, 0.011F, 0.02F};
    PalettizationSpec spec;
    spec.rounding_precision = 2;
    const Lut lut = cluster_reference(points_of(values), DType::kF32, spec, 4);
    const std::vector<double> centroids{0, 1.0F / 100.0F, 2.0F / 100.0F};
    const std::vector<std::uint8_t> clusters{0, 1, 1, 2};
    BOOST_TEST(lut.centroids == centroids, tt::per_element());
    BOOST_TEST(lut.clusters == clusters, tt::per_element());
}

BOOST_AUTO_TEST_CASE(reference_leaves_points_of_weight_0_to_the_nearest_centroid) {
    const std::vector<float> values{1, 0, 3, 2, -5};
    const std::vector<double> weights{0, 1, 1, 0, 0};
    const Lut lut = cluster_reference(points_of(values, weights), DType::kF32, {}, 2);
    const std::vector<double> centroids{0, 3};
    const std::vector<std::uint8_t> clusters{0, 0, 1, 1, 0};
    BOOST_TEST(lut.centroids == centroids, tt::per_element());
    BOOST_TEST(lut.clusters == clusters, tt::per_element());
}

BOOST_AUTO_TEST_CASE(reference_takes_the_optimum_where_its_sums_lose_points) {
    const double most = std::numeric_limits<double>::max();
    const std::vector<double> ends{most, -most, most / 2, 0};
    const std::vector<double> centroids{-most, 0, most / 2, most};
    const Lut four = cluster_reference(points_of(ends), DType::kF64, {}, 4);
    BOOST_TEST(four.centroids == centroids, tt::per_element());
    const std::vector<float> outlier{-1e20F, 1, 2, 101, 102, 103};
    const std::vector<double> expected{double(-1e20F), 1.5, 102};
    const Lut three = cluster_reference(points_of(outlier), DType::kF32, {}, 3);
    BOOST_TEST(three.centroids == expected, tt::per_element());
    const std::vector<std::uint8_t> clusters{0, 1, 1, 2, 2, 2};
    BOOST_TEST(three.clusters == clusters, tt::per_element());
}

BOOST_AUTO_TEST_CASE(weights_stand_for_repetition_in_reference_and_vectors) {
    const std::vector<float> few{1, 2, 4, 8};
    const std::vector<double> weights{3, 1, 2, 1};
    const std::vector<float> many{1, 1, 1, 2, 4, 4, 8};
    for (const std::size_t k : {1, 2, 3}) {
        const Lut weighted =
            cluster_reference(points_of(few, weights), DType::kF32, PalettizationSpec{}, k);
        const Lut repeated =
            cluster_reference(points_of(many), DType::kF32, PalettizationSpec{}, k);
        const Lut blind = cluster_reference(points_of(few), DType::kF32, {}, k);
        BOOST_TEST(weighted.centroids == repeated.centroids, tt::per_element());
        BOOST_TEST(weighted.cost == repeated.cost, tt::tolerance(1e-12));
        BOOST_TEST((weighted.centroids != blind.centroids));
    }
    // Pairs far apart, one of them heavy: where the centroids lie is no matter of seeds.
    const std::vector<float> pairs{0, 0, 1, 0, 50, 9, 50, 8};
    const std::vector<double> pair_weights{3, 1, 1, 4};
    const std::vector<float> repeated{0, 0, 0, 0, 0, 0, 1, 0, 50, 9, 50, 8, 50, 8, 50, 8, 50, 8};
    const std::vector<double> expected{0.25, 0, 50, 8.2};
    const Lut weighted = cluster_vectors(points_of(pairs, pair_weights), 2, 2, 1);
    const Lut listed = cluster_vectors(points_of(repeated), 2, 2, 1);
    BOOST_TEST(weighted.centroids == expected, tt::tolerance(1e-6) << tt::per_element());
    BOOST_TEST(listed.centroids == expected, tt::tolerance(1e-6) << tt::per_element());
    BOOST_TEST(weighted.cost == 0.75 + 0.8, tt::tolerance(1e-5));
    BOOST_TEST(listed.cost == 0.75 + 0.8, tt::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(exact_never_loses_to_reference_on_any_distribution, *kArithmetic) {
    const auto check = [](const Distribution& distribution, auto zero, DType dtype) {
        using Real = decltype(zero);
        std::mt19937 random(static_cast<unsigned>(dtype) + 40);
        std::vector<Real> values(1500);
        double largest = 0;
        for (Real& value : values) {
            value = static_cast<Real>(round_to_dtype(distribution.second(random), dtype));
            largest = std::max(largest, std::abs(double(value)));
        }
        if (largest > largest_finite(dtype)) return;  // no values of this type
        const double unit = largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1.0;
        PalettizationSpec spec;
        for (const bool rounding : {true, false}) {
            spec.enable_fast_kmeans_mode = rounding;
            for (const std::size_t k : {2, 16, 64}) {
                const Lut exact = cluster_exact(points_of(values), k);
                const Lut reference = cluster_reference(points_of(values), dtype, spec, k);
                const double best = true_cost(values, exact, unit);
                const double theirs = true_cost(values, reference, unit);
                BOOST_TEST(best <= theirs * (1 + 1e-7) + 1e-25 * double(values.size()),
                           distribution.first << " " << dtype_name(dtype) << ", k " << k << ": "
                                              << best / theirs - 1 << " above reference");
            }
        }
    };
    for (const Distribution& distribution : distributions()) {
        check(distribution, float{}, DType::kF16);
        check(distribution, float{}, DType::kBF16);
        check(distribution, float{}, DType::kF32);
        check(distribution, double{}, DType::kF64);
    }
}

BOOST_AUTO_TEST_CASE(exact_never_loses_to_reference) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        std::vector<float> values(500 + random() % 1000);
        for (float& value : values) value = std::normal_distribution<float>(0, 0.05F)(random);
        PalettizationSpec spec;
        for (const bool rounding : {true, false}) {
            spec.enable_fast_kmeans_mode = rounding;
            const Lut reference = cluster_reference(points_of(values), DType::kF32, spec, 16);
            const double exact = cluster_exact(points_of(values), 16).cost;
            BOOST_TEST(exact <= true_cost(values, reference) * (1 + 1e-12), "seed " << seed);
            if (!rounding)
                BOOST_TEST(true_cost(values, reference) <= exact * (1 + 1e-9), "seed " << seed);
        }
    }
}

BOOST_AUTO_TEST_CASE(vectors_are_no_worse_than_five_plain_restarts) {
    for (const std::size_t dim : {2, 3, 8}) {
        std::mt19937 random(static_cast<unsigned>(dim));
        std::vector<float> values(3000 * dim);
        for (float& value : values) value = std::normal_distribution<float>(0, 0.02F)(random);
        const std::size_t k = 32;
        const std::size_t count = values.size() / dim;
        // An implementation of its own: random seeds weighted by distance, Lloyd until nothing
        // moves.
        double plain = std::numeric_limits<double>::infinity();
        for (int restart = 0; restart < 5; ++restart) {
            std::vector<std::vector<double>> centroids;
            std::vector<double> distance(count, 1.0);
            while (centroids.size() < k) {
                const std::size_t c = std::discrete_distribution<std::size_t>(
                    distance.begin(), distance.end())(random);
                centroids.emplace_back(values.begin() + std::ptrdiff_t(c * dim),
                                       values.begin() + std::ptrdiff_t((c + 1) * dim));
                for (std::size_t v = 0; v < count; ++v) {
                    double d = 0;
                    for (std::size_t t = 0; t < dim; ++t)
                        d += std::pow(values[v * dim + t] - centroids.back()[t], 2);
                    distance[v] = centroids.size() == 1 ? d : std::min(distance[v], d);
                }
            }
            double cost = std::numeric_limits<double>::infinity();
            for (int iteration = 0; iteration < 300; ++iteration) {
                double total = 0;
                std::vector<std::vector<double>> sums(k, std::vector<double>(dim + 1, 0.0));
                for (std::size_t v = 0; v < count; ++v) {
                    double least = std::numeric_limits<double>::infinity();
                    std::size_t best = 0;
                    for (std::size_t c = 0; c < k; ++c) {
                        double d = 0;
                        for (std::size_t t = 0; t < dim; ++t)
                            d += std::pow(values[v * dim + t] - centroids[c][t], 2);
                        if (d < least) {
                            least = d;
                            best = c;
                        }
                    }
                    total += least;
                    for (std::size_t t = 0; t < dim; ++t) sums[best][t] += values[v * dim + t];
                    ++sums[best][dim];
                }
                for (std::size_t c = 0; c < k; ++c) {
                    for (std::size_t t = 0; t < dim && sums[c][dim] > 0; ++t)
                        centroids[c][t] = sums[c][t] / sums[c][dim];
                }
                if (!(total < cost)) break;
                cost = total;
            }
            plain = std::min(plain, cost);
        }
        const double ours = cluster_vectors(points_of(values), dim, k, 1).cost;
        BOOST_TEST(ours <= plain * 1.01, "dim " << dim << ": " << ours / plain);
    }
}

BOOST_AUTO_TEST_CASE(vectors_depend_on_the_seed_alone) {
    std::mt19937 random(2);
    std::vector<float> values(200000);
    for (float& value : values) value = std::normal_distribution<float>(0, 1)(random);
    const Lut first = cluster_vectors(points_of(values), 2, 16, 7);
    const Lut again = cluster_vectors(points_of(values), 2, 16, 7);
    BOOST_TEST(first.centroids == again.centroids, tt::per_element());
    BOOST_TEST((cluster_vectors(points_of(values), 2, 16, 8).centroids != first.centroids));
}

BOOST_AUTO_TEST_CASE(few_distinct_vectors_are_met_exactly) {
    const std::vector<float> values{1, 2, 3, 4, 1, 2, -5, 6};
    const std::vector<double> expected{-5, 6, 1, 2, 3, 4};
    BOOST_TEST(cluster_vectors(points_of(values), 2, 4, 0).centroids == expected,
               tt::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
