#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <random>

#include "stages/cluster/bounds/certificate.hpp"
#include "stages/cluster/cluster.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/labels.hpp"
#include "tests/support/threads.hpp"

using namespace pal;
using pal::cluster::Certificate;
using pal::cluster::certify;
using pal::cluster::CountedBin;
using pal::test::Distribution;
using pal::test::distributions;
using pal::test::kArithmetic;
using pal::test::true_cost;

namespace {

template <class Real>
std::vector<Real> drawn(const Distribution& distribution, std::size_t count, DType dtype,
                        std::mt19937& random) {
    std::vector<Real> values(count);
    for (Real& value : values) {
        const double most = largest_finite(dtype);
        value = static_cast<Real>(
            round_to_dtype(std::clamp(distribution.second(random), -most, most), dtype));
    }
    return values;
}

/// Neighbouring values in bins of any size, as a histogram counts them: the ends may lie beyond the
/// values.
template <class Real>
std::vector<CountedBin> bins_at_random(std::vector<Real> values, std::mt19937& random) {
    std::sort(values.begin(), values.end());
    const std::size_t most = 1 + random() % 8;
    std::vector<CountedBin> bins;
    for (std::size_t v = 0; v < values.size();) {
        std::size_t end = std::min(values.size(), v + 1 + random() % most);
        while (end < values.size() && values[end] == values[end - 1]) ++end;
        CountedBin bin;
        bin.weight = static_cast<double>(end - v);
        for (std::size_t i = v; i < end; ++i) bin.mean += double(values[i]) / bin.weight;
        bin.low = values[v];
        bin.high = values[end - 1];
        if (bin.low == bin.high) bin.mean = bin.low;
        bin.mean = std::clamp(bin.mean, bin.low, bin.high);
        if (bin.low < bin.high && v > 0 && random() % 2 == 0)
            bin.low -= (bin.low - double(values[v - 1])) * 0.4;
        bins.push_back(bin);
        v = end;
    }
    return bins;
}

/// The largest of the values becomes about 1: costs then neither overflow nor underflow.
template <class Real>
double unit_of(const std::vector<Real>& values) {
    double largest = 0;
    for (const Real value : values) largest = std::max(largest, std::abs(double(value)));
    return largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1.0;
}

template <class Real>
class Judge {
  public:
    Judge(std::string what, const std::vector<Real>& values, const std::vector<double>& weights,
          std::size_t k)
        : what_(std::move(what)),
          values_(values),
          weights_(weights),
          k_(k),
          unit_(unit_of(values)) {
        exact_ = cluster_exact(WeightedPoints<Real>{values, weights}, k);
        optimum_ = true_cost(values, exact_, unit_, weights);
    }

    [[nodiscard]] const Lut& exact() const { return exact_; }

    void check(const Certificate& certificate, const Lut& lut, const char* how) const {
        constexpr double kRounding = 1e-9;  // of the costs compared, not of the bounds
        const double cost = true_cost(values_, lut, unit_, weights_);
        const double tiny = 1e-28 * static_cast<double>(values_.size());  // rounded centroids
        BOOST_TEST(certificate.lower_bound * unit_ * unit_ <= optimum_ * (1 + kRounding) + tiny,
                   name(how) << certificate.lower_bound * unit_ * unit_ << " > " << optimum_);
        BOOST_TEST(certificate.cost * unit_ * unit_ >= cost * (1 - kRounding) - tiny,
                   name(how) << certificate.cost * unit_ * unit_ << " < " << cost);
        if (std::isinf(certificate.gap)) return;
        BOOST_TEST((1 + certificate.gap) * optimum_ >= cost * (1 - kRounding) - tiny,
                   name(how) << "gap " << certificate.gap << " < " << cost / optimum_ - 1);
    }

    [[nodiscard]] std::string name(const char* how) const {
        return what_ + ", " + std::to_string(values_.size()) + " values, k " + std::to_string(k_) +
               ", " + how + ": ";
    }

  private:
    std::string what_;
    const std::vector<Real>& values_;
    const std::vector<double>& weights_;
    std::size_t k_;
    double unit_;
    Lut exact_;
    double optimum_ = 0;
};

template <class Real>
void check_small(const Distribution& distribution, unsigned seed) {
    std::mt19937 random(seed);
    const DType dtype = sizeof(Real) == 8 ? DType::kF64 : DType::kF32;
    const auto values = drawn<Real>(distribution, 1 + random() % 90, dtype, random);
    std::vector<double> weights;
    for (std::size_t v = 0; v < values.size() && seed % 3 == 0; ++v)
        weights.push_back(v == 0 ? 1 : static_cast<double>(random() % 4) / 2);
    const std::size_t k = 1 + random() % 12;
    const Judge judge(distribution.first + (", seed " + std::to_string(seed)), values, weights, k);
    const WeightedPoints<Real> points{values, weights};
    const Lut fewer = cluster_fast(points, dtype, std::max<std::size_t>(1, k / 2));
    for (const Lut* lut : {&judge.exact(), &fewer}) {
        for (const double tolerance : {0.5, 1e-3, 0.0}) {
            const Certificate sorted = certify(points, lut->centroids, k, tolerance);
            judge.check(sorted, *lut, "sorted");
            if (tolerance > 0 && lut == &judge.exact())
                BOOST_TEST(sorted.gap <= tolerance, judge.name("sorted") << "gap " << sorted.gap);
            if (!weights.empty()) continue;
            const auto bins = bins_at_random(values, random);
            judge.check(certify(bins, lut->centroids, k, tolerance), *lut, "bins");
        }
    }
}

/// Values that are counted into a histogram.
void check_many(const Distribution& distribution, std::size_t count, std::size_t k, DType dtype) {
    std::mt19937 random(static_cast<unsigned>(count + k));
    const auto values = drawn<float>(distribution, count, dtype, random);
    const std::vector<double> none;
    const Judge judge(distribution.first + (", " + std::string(dtype_name(dtype))), values, none,
                      k);
    const WeightedPoints<float> points{values, {}};
    for (const Lut& lut : {cluster_fast(points, dtype, k), judge.exact()}) {
        for (const double tolerance : {1e-3, 1e-5}) {
            const Certificate certificate =
                certify(cluster::blocks_of(values), dtype, lut.centroids, k, tolerance);
            judge.check(certificate, lut, "counted");
            if (tolerance == 1e-3)
                BOOST_TEST(certificate.gap <= tolerance, judge.name("counted")
                                                             << "gap " << certificate.gap);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificates)

BOOST_AUTO_TEST_CASE(bounds_enclose_the_optimum, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        for (unsigned seed = 0; seed < 250; ++seed) {
            check_small<float>(distribution, seed);
            check_small<double>(distribution, seed);
        }
    }
}

BOOST_AUTO_TEST_CASE(counted_values_are_certified, *kArithmetic) {
    for (const Distribution& distribution : distributions()) {
        for (const std::size_t k : {2, 4, 16}) {
            for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32})
                check_many(distribution, 20000, k, dtype);
        }
        check_many(distribution, 140000, 256, DType::kBF16);
    }
}

BOOST_AUTO_TEST_CASE(a_million_normal_values_are_certified, *kArithmetic) {
    std::mt19937 random(4);
    const auto values = drawn<float>(distributions().front(), 1000000, DType::kF32, random);
    for (const std::size_t k : {16, 256}) {
        const Lut fast = cluster_fast(WeightedPoints<float>{values, {}}, DType::kF32, k);
        const auto start = std::chrono::steady_clock::now();
        const Certificate certificate =
            certify(cluster::blocks_of(values), DType::kF32, fast.centroids, k, 1e-3);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        BOOST_TEST(certificate.gap <= 1e-3, "k " << k << ": gap " << certificate.gap);
        BOOST_TEST_MESSAGE("k " << k << ": gap " << certificate.gap << ", " << took.count()
                                << " s");
    }
}

BOOST_AUTO_TEST_CASE(a_bin_that_the_optimum_splits_is_heeded) {
    // Two values between two heavy ones, in one bin: nearly all that a boundary inside a bin can
    // gain, whichever side the bin's mean is nearer to.
    for (const double half : {0.1, 0.03, 0.01, 0.001}) {
        for (const double shift : {-half / 2, 0.0, half / 2}) {
            for (const double heavy : {3.0, 100.0, 1e4}) {
                const std::vector<double> values{-1, shift - half, shift + half, 1};
                const std::vector<double> weights{heavy, 1, 1, heavy};
                const Lut exact = cluster_exact(WeightedPoints<double>{values, weights}, 2);
                const std::vector<CountedBin> bins{
                    {heavy, -1, -1, -1}, {2, shift, values[1], values[2]}, {heavy, 1, 1, 1}};
                const double lower = certify(bins, exact.centroids, 2, 0.0).lower_bound;
                const double optimum = true_cost(values, exact, 1, weights);
                const auto what = [&] {
                    return "half " + std::to_string(half) + ", shift " + std::to_string(shift) +
                           ", heavy " + std::to_string(heavy);
                };
                BOOST_TEST(lower <= optimum * (1 + 1e-9), what() << ": " << lower / optimum);
                BOOST_TEST(lower >= optimum * (1 - 10 * half), what() << ": " << lower / optimum);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_poor_lut_is_not_certified) {
    std::mt19937 random(5);
    const auto values = drawn<float>(distributions().front(), 20000, DType::kF32, random);
    const Certificate certificate = certify(cluster::blocks_of(values), DType::kF32,
                                            std::vector<double>{-0.02, 0, 0.02}, 4, 1e-3);
    const double optimum = cluster_exact(WeightedPoints<float>{values, {}}, 4).cost;
    BOOST_TEST(certificate.gap > 1e-3);
    BOOST_TEST(certificate.lower_bound <= optimum);
    BOOST_TEST(certificate.lower_bound >= optimum / (1 + 1e-3));
}

BOOST_AUTO_TEST_CASE(any_gap_is_proven_where_any_is_tolerated) {
    std::mt19937 random(7);
    auto values = drawn<float>(distributions().front(), 20000, DType::kF32, random);
    values[5] = 1e6F;
    values[99] = -1e6F;
    for (const std::vector<double>& centroids :
         {cluster_fast(WeightedPoints<float>{values, {}}, DType::kF32, 16).centroids,
          std::vector<double>{-1e6, -0.02, 0.02, 1e6}}) {
        for (const double tolerance : {1e-3, 1.0, 1e9}) {
            const Certificate certificate =
                certify(cluster::blocks_of(values), DType::kF32, centroids, 16, tolerance);
            BOOST_TEST(certificate.lower_bound > 0, tolerance);
            BOOST_TEST(std::isfinite(certificate.gap), tolerance);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_lut_of_all_values_has_no_gap) {
    const std::vector<float> values{-1, 0.5, 0.5, 3};
    const WeightedPoints<float> points{values, {}};
    BOOST_TEST(certify(points, std::vector<double>{-1, 0.5, 3}, 4, 1e-3).gap == 0);
    BOOST_TEST(std::isinf(certify(points, std::vector<double>{0, 3}, 4, 1e-3).gap));
}

BOOST_AUTO_TEST_CASE(few_values_over_many_magnitudes_are_proven) {
    std::vector<float> values;
    for (int magnitude = -12; magnitude < 3; ++magnitude) {
        for (const double digit : {1.0, 1.7, 3.1})
            values.push_back(static_cast<float>(digit * std::pow(10, magnitude)));
    }
    const WeightedPoints<float> points{values, {}};
    for (const std::size_t k : {15, 43, 44}) {
        const Lut exact = cluster_exact(points, k);
        BOOST_TEST(certify(points, exact.centroids, k, 1e-6).gap < 1e-6);
    }
}

BOOST_AUTO_TEST_CASE(squares_that_underflow_are_no_proof) {
    const std::vector<double> values{1, 1e-170, 3e-170};
    const WeightedPoints<double> points{values, {}};
    BOOST_TEST(std::isinf(certify(points, std::vector<double>{1e-170, 1}, 2, 1e-3).gap));
}

BOOST_AUTO_TEST_CASE(the_gap_does_not_depend_on_threads) {
    std::mt19937 random(6);
    const auto values = drawn<float>(distributions()[1], 300000, DType::kF32, random);
    const Lut fast = cluster_fast(WeightedPoints<float>{values, {}}, DType::kF32, 64);
    const auto gap = [&] {
        return certify(cluster::blocks_of(values), DType::kF32, fast.centroids, 64, 1e-5).gap;
    };
    const double one = test::with_threads(1, gap);
    for (const std::size_t threads : {2, 3, 8}) BOOST_TEST(test::with_threads(threads, gap) == one);
}

BOOST_AUTO_TEST_SUITE_END()
