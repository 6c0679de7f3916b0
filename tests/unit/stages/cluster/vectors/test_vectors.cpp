#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "stages/cluster/cluster.hpp"
#include "stages/cluster/vectors/vectors.hpp"
#include "stages/cluster_groups.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/every_target.hpp"
#include "tests/support/labels.hpp"
#include "tests/support/threads.hpp"

using namespace pal;
using pal::test::kArithmetic;
using test::normal;

namespace {

using Draw = std::function<double(std::mt19937&)>;

double laplace(std::mt19937& random) {
    return std::exponential_distribution<>(50)(random) * (random() % 2 == 0 ? 1 : -1);
}
double heavy(std::mt19937& random) { return std::cauchy_distribution<>(0, 0.01)(random); }
double pruned(std::mt19937& random) { return random() % 100 < 97 ? 0.0 : normal(random); }
double one_sided(std::mt19937& random) {
    return std::exp(std::normal_distribution<>(-20, 3)(random));
}

template <class Real = float>
std::vector<Real> drawn(std::size_t count, unsigned seed, const Draw& draw) {
    std::mt19937 random(seed);
    std::vector<Real> values(count);
    for (Real& value : values) value = static_cast<Real>(draw(random));
    return values;
}

/// Cost of every vector at its nearest centroid, summed up.
template <class Real>
double true_cost(const std::vector<Real>& values, std::size_t dim, const Lut& lut,
                 const std::vector<double>& weights = {}) {
    double cost = 0;
    for (std::size_t v = 0; v * dim < values.size(); ++v) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c * dim < lut.centroids.size(); ++c) {
            double distance = 0;
            for (std::size_t t = 0; t < dim; ++t)
                distance += std::pow(double(values[v * dim + t]) - lut.centroids[c * dim + t], 2);
            least = std::min(least, distance);
        }
        cost += (weights.empty() ? 1.0 : weights[v]) * least;
    }
    return cost;
}

/// The plain algorithm, an implementation of its own: k-means++, Lloyd until nothing improves.
double plain_lloyd(const std::vector<float>& values, std::size_t dim, std::size_t k,
                   std::mt19937& random) {
    const std::size_t count = values.size() / dim;
    Lut lut;
    std::vector<double> chance(count, 1.0);
    const auto distance = [&](std::size_t v, std::size_t c) {
        double sum = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double difference = double(values[v * dim + t]) - lut.centroids[c * dim + t];
            sum += difference * difference;
        }
        return sum;
    };
    for (std::size_t c = 0; c < k; ++c) {
        const std::size_t seed =
            std::discrete_distribution<std::size_t>(chance.begin(), chance.end())(random);
        for (std::size_t t = 0; t < dim; ++t) lut.centroids.push_back(values[seed * dim + t]);
        for (std::size_t v = 0; v < count; ++v)
            chance[v] = c == 0 ? distance(v, c) : std::min(chance[v], distance(v, c));
    }
    for (double cost = std::numeric_limits<double>::infinity();;) {
        double total = 0;
        std::vector<double> sums(k * dim);
        std::vector<double> weights(k);
        for (std::size_t v = 0; v < count; ++v) {
            std::size_t best = 0;
            double least = distance(v, 0);
            for (std::size_t c = 1; c < k; ++c) {
                const double d = distance(v, c);
                if (d < least) {
                    least = d;
                    best = c;
                }
            }
            total += least;
            weights[best] += 1;
            for (std::size_t t = 0; t < dim; ++t) sums[best * dim + t] += values[v * dim + t];
        }
        if (!(total < cost)) return cost;
        cost = total;
        for (std::size_t i = 0; i < sums.size(); ++i) {
            if (weights[i / dim] > 0) lut.centroids[i] = sums[i] / weights[i / dim];
        }
    }
}

/// A source that owns nothing that could be handed out: every block is copied.
class CopyingSource final : public cluster::VectorSource<float> {
  public:
    CopyingSource(const std::vector<float>& values, std::size_t dim) : values_(values), dim_(dim) {}
    [[nodiscard]] std::size_t count() const override { return values_.size() / dim_; }
    [[nodiscard]] std::size_t dim() const override { return dim_; }
    [[nodiscard]] std::span<const float> block(std::size_t begin, std::size_t count,
                                               std::vector<float>& scratch) const override {
        scratch.assign(values_.begin() + static_cast<std::ptrdiff_t>(begin * dim_),
                       values_.begin() + static_cast<std::ptrdiff_t>((begin + count) * dim_));
        return scratch;
    }
    [[nodiscard]] std::span<const double> weights(std::size_t, std::size_t) const override {
        return {};
    }

  private:
    const std::vector<float>& values_;
    std::size_t dim_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(vectors)

BOOST_AUTO_TEST_CASE(no_worse_than_five_plain_restarts_to_convergence, *kArithmetic) {
    const std::vector<std::pair<const char*, Draw>> draws{
        {"normal", normal}, {"laplace", laplace}, {"one-sided", one_sided}};
    for (const auto& [name, draw] : draws) {
        for (const std::size_t dim : {2, 3, 4, 8, 17}) {
            for (const std::size_t k : {4, 16, 64}) {
                const auto values = drawn(1000 * dim, static_cast<unsigned>(dim * k), draw);
                std::mt19937 random(static_cast<unsigned>(k));
                double plain = std::numeric_limits<double>::infinity();
                for (int restart = 0; restart < 5; ++restart)
                    plain = std::min(plain, plain_lloyd(values, dim, k, random));
                const Lut ours = cluster_vectors<float>({values, {}}, dim, k, 1);
                const double cost = true_cost(values, dim, ours);
                BOOST_TEST(cost <= plain * 1.003,
                           name << ", dim " << dim << ", k " << k << ": " << cost / plain);
                BOOST_TEST(ours.cost >= cost * (1 - 1e-9));
                BOOST_TEST(ours.cost <= cost * (1 + 1e-3));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(samples_and_bins_lose_nothing_against_training_on_all, *kArithmetic) {
    // 40,000 vectors are more than are trained on at k 16; the plain algorithm sees all of them.
    for (const auto& draw : {Draw(normal), Draw(laplace), Draw(heavy)}) {
        for (const std::size_t dim : {2, 4}) {
            const auto values = drawn(40000 * dim, static_cast<unsigned>(dim), draw);
            std::mt19937 random(7);
            double plain = std::numeric_limits<double>::infinity();
            for (int restart = 0; restart < 3; ++restart)
                plain = std::min(plain, plain_lloyd(values, dim, 16, random));
            const double ours =
                true_cost(values, dim, cluster_vectors<float>({values, {}}, dim, 16, 1));
            BOOST_TEST(ours <= plain * 1.003, "dim " << dim << ": " << ours / plain);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_rest_of_a_pruned_tensor_is_heeded, *kArithmetic) {
    const auto values = drawn(400000, 5, pruned);
    std::vector<float> rest;
    for (std::size_t v = 0; v < values.size(); v += 2) {
        if (values[v] != 0 || values[v + 1] != 0)
            rest.insert(rest.end(), {values[v], values[v + 1]});
    }
    const double whole = true_cost(values, 2, cluster_vectors<float>({values, {}}, 2, 64, 1));
    const double alone = true_cost(rest, 2, cluster_vectors<float>({rest, {}}, 2, 64, 1));
    BOOST_TEST(whole <= alone * 1.05);
}

void check_threads_and_targets(const std::vector<float>& values, std::size_t dim, bool targets) {
    const auto centroids = [&] {
        return cluster_vectors<float>({values, {}}, dim, 32, 3).centroids;
    };
    const auto expected = test::with_threads(1, centroids);
    for (const std::size_t threads : {2, 4, 8})
        BOOST_TEST((test::with_threads(threads, centroids) == expected),
                   threads << " threads, dim " << dim);
    if (!targets) return;
    test::for_each_target([&](const std::string& target) {
        BOOST_TEST((centroids() == expected), target << ", dim " << dim);
    });
}

BOOST_AUTO_TEST_CASE(same_bits_on_every_number_of_threads) {
    for (const std::size_t dim : {2, 4})
        check_threads_and_targets(drawn(1 << 13, 11, normal), dim, false);
}

BOOST_AUTO_TEST_CASE(same_bits_on_every_target_and_number_of_threads, *kArithmetic) {
    const std::vector<std::pair<Draw, std::size_t>> inputs{
        {heavy, 1 << 13}, {pruned, 1 << 13}, {normal, 4000}};
    for (const auto& [draw, count] : inputs) {
        for (const std::size_t dim : {2, 3, 4, 8})
            check_threads_and_targets(drawn(count / dim * dim, 11, draw), dim, true);
    }
    // Large ones are slow without SIMD.
    check_threads_and_targets(drawn(1 << 18, 11, normal), 2, false);
}

BOOST_AUTO_TEST_CASE(a_source_that_copies_gives_what_a_view_gives) {
    for (const std::size_t dim : {2, 4}) {
        const auto values = drawn(40000, 12, normal);
        const CopyingSource source(values, dim);
        BOOST_TEST((cluster::cluster_source(source, 16, 5)->centroids ==
                    cluster_vectors<float>({values, {}}, dim, 16, 5).centroids));
    }
}

BOOST_AUTO_TEST_CASE(groups_read_from_the_tensor_give_what_gathered_ones_give) {
    const std::vector<std::pair<Granularity, int>> groups{
        {{}, 2},
        {{}, 3},
        {{GranularityKind::kPerGroupedChannel, 0, 48}, 4},
        {{GranularityKind::kPerGroupedChannel, 1, 50}, 2}};
    for (const auto& [dtype, axes] :
         {std::pair{DType::kF32, AxisMap{0, 1}}, std::pair{DType::kF64, AxisMap{1, 0}}}) {
        for (const auto& [granularity, dim] : groups) {
            PalettizationSpec spec;
            spec.granularity = granularity;
            spec.cluster_dim = static_cast<std::size_t>(dim);
            const Shape shape = axes.output_axis == 0 ? Shape{96, 100, 3} : Shape{100, 96, 3};
            const auto geometry = std::get<Geometry>(make_geometry(shape, axes, spec, false));
            const Weights weights = dtype == DType::kF32
                                        ? Weights(drawn(geometry.weight_count, 14, normal))
                                        : Weights(drawn<double>(geometry.weight_count, 14, heavy));
            const std::vector<double> scales(geometry.output_channels(), 0.5);
            const ScaledWeights source{weights, geometry, dtype, scales};
            ClusterOptions options;
            const auto gathered = cluster_groups(source, spec, options, "w");
            options.gather_bytes = 1;
            const auto read = cluster_groups(source, spec, options, "w");
            BOOST_TEST((gathered->lut == read->lut));
        }
    }
}

BOOST_AUTO_TEST_CASE(values_that_are_not_finite_are_found_by_groups_read_from_the_tensor) {
    PalettizationSpec spec;
    spec.cluster_dim = 2;
    const auto geometry = std::get<Geometry>(make_geometry({64, 64}, {0, 1}, spec, false));
    ClusterOptions options;
    options.gather_bytes = 1;
    for (const float odd :
         {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        auto values = drawn(geometry.weight_count, 15, normal);
        values[1000] = odd;
        const Weights weights(values);
        BOOST_TEST(!cluster_groups({weights, geometry, DType::kF32, {}}, spec, options, "w"));
    }
}

BOOST_AUTO_TEST_CASE(weights_stand_for_repetition, *kArithmetic) {
    std::mt19937 random(13);
    const auto values = drawn(4000, 14, normal);
    std::vector<double> weights;
    std::vector<float> repeated;
    for (std::size_t v = 0; v < 2000; ++v) {
        weights.push_back(random() % 4);
        for (int i = 0; i < int(weights.back()); ++i)
            repeated.insert(repeated.end(), {values[2 * v], values[2 * v + 1]});
    }
    const double weighted =
        true_cost(values, 2, cluster_vectors<float>({values, weights}, 2, 16, 1), weights);
    const double expected =
        true_cost(repeated, 2, cluster_vectors<float>({repeated, {}}, 2, 16, 1));
    const double blind =
        true_cost(values, 2, cluster_vectors<float>({values, {}}, 2, 16, 1), weights);
    BOOST_TEST(weighted <= expected * 1.01);
    BOOST_TEST(weighted < blind);
}

BOOST_AUTO_TEST_CASE(vectors_without_weight_do_not_matter) {
    auto values = drawn(200000, 15, normal);
    std::vector<double> weights(values.size() / 2, 1.0);
    for (std::size_t v = 1000; v < weights.size(); ++v) {
        weights[v] = 0;
        values[2 * v] += 1;
    }
    const std::vector<float> heeded(values.begin(), values.begin() + 2000);
    const double ours = true_cost(heeded, 2, cluster_vectors<float>({values, weights}, 2, 16, 1));
    const double alone = true_cost(heeded, 2, cluster_vectors<float>({heeded, {}}, 2, 16, 1));
    BOOST_TEST(ours <= alone * 1.05);
}

BOOST_AUTO_TEST_CASE(doubles_out_of_the_range_of_squares_are_clustered) {
    const auto plain = drawn<double>(6000, 16, normal);
    const Lut expected = cluster_vectors<double>({plain, {}}, 3, 16, 1);
    for (const int exponent : {1000, -1000}) {
        auto values = plain;
        for (double& value : values) value = std::ldexp(value, exponent);
        const Lut lut = cluster_vectors<double>({values, {}}, 3, 16, 1);
        BOOST_REQUIRE(lut.centroids.size() == expected.centroids.size());
        for (std::size_t i = 0; i < lut.centroids.size(); ++i)
            BOOST_TEST(lut.centroids[i] == std::ldexp(expected.centroids[i], exponent));
    }
}

BOOST_AUTO_TEST_CASE(extreme_floats_are_clustered) {
    for (const double scale : {1e38, 1e-38, 1e-42}) {
        const auto values = drawn(8000, 17, [&](std::mt19937& random) {
            return std::uniform_real_distribution<>(-3, 3)(random) * scale;
        });
        const Lut lut = cluster_vectors<float>({values, {}}, 2, 16, 1);
        // 16 cells of a square of side 6 leave 2 (6 / 4)^2 / 12 a vector.
        BOOST_TEST(true_cost(values, 2, lut) / scale / scale < 4000 * 0.40);
    }
}

BOOST_AUTO_TEST_CASE(few_distinct_among_many_are_met_exactly) {
    std::mt19937 random(18);
    std::vector<float> values;
    for (int v = 0; v < 100000; ++v) {
        const auto which = static_cast<float>(random() % 200);
        values.insert(values.end(), {which, -which, which == 0 ? -0.0F : 1.0F});
    }
    const Lut lut = cluster_vectors<float>({values, {}}, 3, 256, 1);
    BOOST_REQUIRE(lut.centroids.size() == 600U);
    for (std::size_t c = 0; c < 200; ++c)
        BOOST_TEST(lut.centroids[3 * c] == static_cast<double>(c));
    BOOST_TEST(lut.cost == 0);
}

BOOST_AUTO_TEST_SUITE_END()
