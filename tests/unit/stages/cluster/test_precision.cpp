// The scalar engines where prefix sums in double cancel: tight clusters far from each other. The
// judge works in 113 bits.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "stages/cluster/cluster.hpp"
#include "stages/cluster/partition/interval_costs.hpp"
#include "tests/support/labels.hpp"

using namespace pal;
using pal::test::kArithmetic;

namespace {

__extension__ using Quad = __float128;

/// The least cost of k clusters, by the plain dynamic program, O(k n^2).
template <class Real>
Quad least_cost(std::vector<Real> values, std::size_t k) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    std::vector<Quad> sum(n + 1);
    std::vector<Quad> squares(n + 1);
    for (std::size_t v = 0; v < n; ++v) {
        sum[v + 1] = sum[v] + Quad(values[v]);
        squares[v + 1] = squares[v] + Quad(values[v]) * Quad(values[v]);
    }
    const auto cost = [&](std::size_t i, std::size_t j) {
        const Quad s = sum[j] - sum[i];
        return squares[j] - squares[i] - s * s / Quad(j - i);
    };
    std::vector<Quad> best(n + 1);
    for (std::size_t j = 1; j <= n; ++j) best[j] = cost(0, j);
    for (std::size_t c = 2; c <= k; ++c) {
        for (std::size_t j = n; j >= c; --j) {
            for (std::size_t i = c - 1; i < j; ++i)
                best[j] = std::min(best[j], best[i] + cost(i, j));
        }
    }
    return best[n];
}

template <class Real>
Quad cost_of(const std::vector<Real>& values, const Lut& lut) {
    Quad cost = 0;
    for (const Real value : values) {
        Quad nearest = std::numeric_limits<double>::max();
        for (const double centroid : lut.centroids) {
            const Quad distance = Quad(value) - Quad(centroid);
            nearest = std::min(nearest, distance * distance);
        }
        cost += nearest;
    }
    return cost;
}

using Draw = std::function<double(std::mt19937&)>;

Draw bumps(double places, double width) {
    return [=](std::mt19937& random) {
        const double place = std::floor(std::uniform_real_distribution<>(0, places)(random));
        return (place - (places - 1) / 2) * 2 + std::normal_distribution<>(0, width)(random);
    };
}

Draw normal_and_outliers(double outlier) {
    return [=](std::mt19937& random) {
        return random() % 100 == 0 ? outlier * (random() % 2 == 0 ? -1 : 1)
                                   : std::normal_distribution<>(0, 1)(random);
    };
}

template <class Real>
void check(const char* name, const Draw& draw, DType dtype, double tolerance) {
    for (const std::size_t k : {4, 16, 64}) {
        std::mt19937 random(static_cast<unsigned>(k));
        std::vector<Real> values(300);
        for (Real& value : values) value = static_cast<Real>(draw(random));
        const WeightedPoints<Real> points{values, {}};
        const auto optimum = static_cast<double>(least_cost(values, k));
        const auto exact = static_cast<double>(cost_of(values, cluster_exact(points, k)));
        const auto fast = static_cast<double>(cost_of(values, cluster_fast(points, dtype, k)));
        BOOST_TEST(exact <= optimum * (1 + tolerance), name << ", k " << k << ": exact "
                                                            << exact / optimum - 1
                                                            << " above the optimum");
        BOOST_TEST(fast <= optimum * (1 + 1e-4),
                   name << ", k " << k << ": fast " << fast / optimum - 1 << " above the optimum");
        BOOST_TEST(exact >= optimum * (1 - tolerance), "the judge itself has cancelled");
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(precision)

BOOST_AUTO_TEST_CASE(tight_bumps_far_from_each_other, *kArithmetic) {
    check<float>("two bumps f32", bumps(2, 1e-6), DType::kF32, 1e-9);
    check<float>("five bumps f32", bumps(5, 1e-6), DType::kF32, 1e-9);
    check<double>("two bumps 1e-6", bumps(2, 1e-6), DType::kF64, 1e-9);
    check<double>("two bumps 1e-9", bumps(2, 1e-9), DType::kF64, 1e-9);
    // Values 2e-16 apart at best: a centroid rounded to double costs something itself.
    check<double>("three bumps 1e-12", bumps(3, 1e-12), DType::kF64, 1e-5);
}

BOOST_AUTO_TEST_CASE(outliers_do_not_blur_the_rest, *kArithmetic) {
    check<float>("outliers 1e4", normal_and_outliers(1e4), DType::kF32, 1e-9);
    check<float>("outliers 1e10", normal_and_outliers(1e10), DType::kF32, 1e-9);
    check<double>("outliers 1e11", normal_and_outliers(1e11), DType::kF64, 1e-9);
}

BOOST_AUTO_TEST_CASE(fast_on_many_values_in_tight_bumps, *kArithmetic) {
    // More than the fast engine sorts: the histogram has to notice that its bins are too coarse.
    std::mt19937 random(3);
    for (const double width : {1e-4, 1e-6, 1e-8, 1e-10}) {
        const Draw draw = bumps(2, width);
        std::vector<double> values(20000);
        for (double& value : values) value = draw(random);
        const WeightedPoints<double> points{values, {}};
        const auto exact = static_cast<double>(cost_of(values, cluster_exact(points, 32)));
        const auto fast =
            static_cast<double>(cost_of(values, cluster_fast(points, DType::kF64, 32)));
        BOOST_TEST(fast <= exact * (1 + 1e-4), "width " << width << ": " << fast / exact - 1);
    }
}

BOOST_AUTO_TEST_CASE(tiny_doubles_are_clustered) {
    // Their squares underflow: the engines work in a unit of their own.
    std::mt19937 random(4);
    std::vector<double> values(5000);
    for (double& value : values) value = std::normal_distribution<>(0, 1)(random) * 1e-200;
    std::vector<double> large(values);
    for (double& value : large) value *= 0x1p+660;
    const auto scaled = [](Lut lut) {
        for (double& centroid : lut.centroids) centroid *= 0x1p+660;
        return lut;
    };
    const auto optimum =
        static_cast<double>(cost_of(large, cluster_exact(WeightedPoints<double>{large, {}}, 16)));
    const WeightedPoints<double> points{values, {}};
    BOOST_TEST(static_cast<double>(cost_of(large, scaled(cluster_exact(points, 16)))) <=
               optimum * (1 + 1e-9));
    BOOST_TEST(static_cast<double>(cost_of(large, scaled(cluster_fast(points, DType::kF64, 16)))) <=
               optimum * (1 + 1e-4));
}

BOOST_AUTO_TEST_CASE(merged_costs_are_those_of_the_definition) {
    std::mt19937 random(8);
    for (const std::size_t count : {1, 2, 31, 32, 33, 64, 65, 1000, 1057}) {
        std::vector<cluster::Bin> bins(count);
        for (std::size_t b = 0; b < count; ++b)
            bins[b] = {1.0 + random() % 3, double(b) + 1e-3 * double(random() % 900), 0.25};
        const cluster::MergedCosts merged(bins);
        const cluster::PrefixCosts prefix(bins);
        for (int trial = 0; trial < 300; ++trial) {
            const std::size_t begin = random() % count;
            const std::size_t end = begin + 1 + random() % (count - begin);
            double weight = 0;
            double sum = 0;
            for (std::size_t b = begin; b < end; ++b) {
                weight += bins[b].weight;
                sum += bins[b].weight * bins[b].mean;
            }
            double cost = 0;
            for (std::size_t b = begin; b < end; ++b)
                cost += 0.25 + bins[b].weight * std::pow(bins[b].mean - sum / weight, 2);
            BOOST_TEST(std::abs(merged(begin, end) - cost) <= 1e-12 * cost, begin << ".." << end);
            BOOST_TEST(std::abs(prefix(begin, end) - cost) <= prefix.doubt(), begin << ".." << end);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
