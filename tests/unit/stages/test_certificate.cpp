#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "stages/cluster/certificate.hpp"
#include "stages/cluster/cluster.hpp"
#include "tests/support/labels.hpp"

using namespace pal;
using pal::cluster::Certificate;
using pal::cluster::certify;
using pal::test::kArithmetic;

namespace {

using Draw = std::function<double(std::mt19937&)>;

const std::vector<std::pair<const char*, Draw>>& draws() {
    static const std::vector<std::pair<const char*, Draw>> all{
        {"normal", [](std::mt19937& r) { return std::normal_distribution<>(0, 0.02)(r); }},
        {"few values", [](std::mt19937& r) { return static_cast<double>(r() % 12) - 3; }},
        {"uniform", [](std::mt19937& r) { return std::uniform_real_distribution<>(-1, 1)(r); }},
        {"heavy tails", [](std::mt19937& r) { return std::cauchy_distribution<>(0, 1)(r); }},
        {"huge", [](std::mt19937& r) { return std::uniform_real_distribution<>(-3e38, 3e38)(r); }},
        {"denormal", [](std::mt19937& r) { return std::normal_distribution<>(0, 1e-40)(r); }},
        {"far from zero", [](std::mt19937& r) { return std::normal_distribution<>(1e3, 0.1)(r); }},
        {"bumps",
         [](std::mt19937& r) { return double(r() % 3) + std::normal_distribution<>(0, 1e-5)(r); }},
    };
    return all;
}

template <class Real>
void check_bounds(const char* name, const Draw& draw, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Real> values(1 + random() % 60);
    std::vector<double> weights;
    for (Real& value : values) value = static_cast<Real>(draw(random));
    for (std::size_t v = 0; v < values.size() && seed % 3 == 0; ++v)
        weights.push_back(v == 0 ? 1 : static_cast<double>(random() % 4) / 2);
    const WeightedPoints<Real> points{values, weights};
    const std::size_t k = 1 + random() % 9;
    const Palette exact = cluster_exact(points, k);
    const Palette other = cluster_fast(points, DType::kF64, std::max<std::size_t>(1, k / 2));
    constexpr double kRounding = 1e-9;  // of the costs compared, not of the bounds
    const auto check = [&](const Certificate& certificate, const char* how) {
        BOOST_TEST(certificate.lower_bound <= exact.cost * (1 + kRounding),
                   name << ", seed " << seed << ", " << how << ": " << certificate.lower_bound
                        << " > " << exact.cost);
        BOOST_TEST(certificate.cost >= exact.cost * (1 - kRounding),
                   name << ", seed " << seed << ", " << how << ": " << certificate.cost << " < "
                        << exact.cost);
    };
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const auto coordinates = cluster::coordinates_for(*low, *high);
    const auto recount = cluster::recount_in_memory(points, coordinates);
    for (const Palette* palette : {&exact, &other}) {
        for (const double tolerance : {0.5, 1e-3, 0.0}) {
            check(certify<Real>(recount, palette->centroids, k, coordinates, tolerance), "bins");
            const Certificate sorted = certify(points, palette->centroids, k, tolerance);
            check(sorted, "sorted");
            if (tolerance > 0 && palette == &exact)
                BOOST_TEST(sorted.reached, name << ", seed " << seed << ": gap " << sorted.gap);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificates)

BOOST_AUTO_TEST_CASE(bounds_enclose_the_optimum, *kArithmetic) {
    for (const auto& [name, draw] : draws()) {
        for (unsigned seed = 0; seed < 250; ++seed) {
            check_bounds<float>(name, draw, seed);
            check_bounds<double>(name, draw, seed);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_million_normal_values_are_certified, *kArithmetic) {
    std::mt19937 random(4);
    std::vector<float> values(1000000);
    for (float& value : values) value = std::normal_distribution<float>(0, 0.02F)(random);
    const WeightedPoints<float> points{values, {}};
    for (const std::size_t k : {16, 256}) {
        const Palette fast = cluster_fast(points, DType::kF32, k);
        const auto start = std::chrono::steady_clock::now();
        const Certificate certificate = certify(points, fast.centroids, k, 1e-3);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        BOOST_TEST(certificate.reached, "k " << k << ": gap " << certificate.gap);
        BOOST_TEST_MESSAGE("k " << k << ": gap " << certificate.gap << " after "
                                << certificate.rounds << " rounds, " << took.count() << " s");
    }
}

BOOST_AUTO_TEST_CASE(a_poor_palette_is_not_certified) {
    std::mt19937 random(5);
    std::vector<float> values(20000);
    for (float& value : values) value = std::normal_distribution<float>(0, 1)(random);
    const WeightedPoints<float> points{values, {}};
    const Certificate certificate = certify(points, std::vector<double>{-1, 0, 1}, 4, 1e-3);
    BOOST_TEST(!certificate.reached);
    BOOST_TEST(certificate.lower_bound <= cluster_exact(points, 4).cost);
}

BOOST_AUTO_TEST_SUITE_END()
