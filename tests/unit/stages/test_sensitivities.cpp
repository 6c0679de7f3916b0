// Sensitivities as the weights of points: LUTs that serve the weights that matter.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "stages/chain.hpp"
#include "stages/sensitivities.hpp"

using namespace pal;
namespace tt = boost::test_tools;

namespace {

TensorTask scalar_task(const Shape& shape, int n_bits, Engine engine, DType dtype = DType::kF32) {
    PalettizationSpec spec;
    spec.n_bits = n_bits;
    spec.enable_fast_kmeans_mode = false;
    TensorTask task{
        "/w", dtype, std::get<Geometry>(make_geometry(shape, {0, 1}, spec, false)), spec, {}};
    task.cluster.engine = engine;
    return task;
}

/// The weighted squared error of the best LUT, by trying every place of every boundary.
double best_error(std::vector<double> values, const std::vector<double>& weights, std::size_t k) {
    std::vector<std::size_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    const auto cost = [&](std::size_t begin, std::size_t end) {
        double weight = 0;
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            weight += weights[order[i]];
            sum += weights[order[i]] * values[order[i]];
        }
        double total = 0;
        for (std::size_t i = begin; i < end && weight > 0; ++i)
            total += weights[order[i]] * std::pow(values[order[i]] - sum / weight, 2);
        return total;
    };
    std::vector<double> best(values.size() + 1, std::numeric_limits<double>::infinity());
    best[0] = 0;
    for (std::size_t c = 0; c < k; ++c) {
        std::vector<double> next = best;  // a cluster may be empty
        for (std::size_t end = 1; end <= values.size(); ++end) {
            for (std::size_t begin = 0; begin < end; ++begin)
                next[end] = std::min(next[end], best[begin] + cost(begin, end));
        }
        best = next;
    }
    return best.back();
}

struct Case {
    std::vector<float> weights;
    std::vector<double> sensitivities;
};

/// A few weights matter a thousand times as much as the others.
Case skewed(std::size_t count) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.0F, 0.02F);
    std::exponential_distribution<double> exponential(1.0);
    Case made;
    for (std::size_t i = 0; i < count; ++i) {
        made.weights.push_back(normal(random));
        const double sensitivity = exponential(random);
        made.sensitivities.push_back(i % 16 == 0 ? 1000 * sensitivity : sensitivity);
    }
    return made;
}

Packed palettized(const TensorTask& task, const Case& given) {
    const Loaded loaded{Weights(given.weights), Weights(given.sensitivities)};
    return AssignStage{}(
        task, QuantizeLutStage{}(task, ClusterStage{}(task, ScaleStage{}(task, Loaded(loaded)))));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_engine_finds_the_weighted_optimum) {
    const Case given = skewed(240);
    const double total = [&] {
        double sum = 0;
        for (const double s : given.sensitivities) sum += s;
        return sum;
    }();
    for (const int n_bits : {1, 2, 3}) {
        const double best = best_error({given.weights.begin(), given.weights.end()},
                                       given.sensitivities, std::size_t{1} << n_bits);
        for (const Engine engine : {Engine::kFast, Engine::kExact, Engine::kReference}) {
            const Packed packed = palettized(scalar_task({16, 15}, n_bits, engine), given);
            BOOST_TEST_CONTEXT(engine_name(engine) << " " << n_bits)
            BOOST_TEST(packed.result.weighted.value().mse * total <= best * (1 + 1e-4));
        }
    }
}

BOOST_AUTO_TEST_CASE(groups_and_many_points_have_their_own_optimum) {
    const Case given = skewed(std::size_t{1} << 16);
    for (const DType dtype : {DType::kF32, DType::kF16}) {
        Case rounded = given;
        for (float& weight : rounded.weights)
            weight = static_cast<float>(round_to_dtype(weight, dtype));
        TensorTask task = scalar_task({256, 256}, 4, Engine::kFast, dtype);
        task.spec.granularity = {GranularityKind::kPerGroupedChannel, 1, 64};
        task.geometry = std::get<Geometry>(make_geometry({256, 256}, {0, 1}, task.spec, false));
        const double fast = palettized(task, rounded).result.weighted.value().mse;
        task.cluster.engine = Engine::kExact;
        const double exact = palettized(task, rounded).result.weighted.value().mse;
        BOOST_TEST(fast <= exact * (1 + 2e-4));
        task.cluster.engine = Engine::kFast;
        const Packed plain = palettize(task, rounded.weights);
        const double before =
            weighted_error(Weights(rounded.weights), Weights(rounded.sensitivities), plain.tensor)
                .mse;
        BOOST_TEST(fast < 0.9 * before);
        BOOST_TEST(!plain.result.weighted.has_value());
    }
}

BOOST_AUTO_TEST_CASE(equal_sensitivities_change_nothing_whatever_their_size) {
    Case given = skewed(1024);
    const TensorTask task = scalar_task({32, 32}, 4, Engine::kExact);
    const Packed plain = palettize(task, given.weights);
    for (const double same : {1.0, 0.0, 0x1p-1000, 0x1p1000}) {
        std::fill(given.sensitivities.begin(), given.sensitivities.end(), same);
        const Packed packed = palettized(task, given);
        BOOST_TEST(packed.tensor.lut == plain.tensor.lut, tt::per_element());
        BOOST_TEST(packed.result.weighted.value().mse == plain.result.error.mse,
                   tt::tolerance(1e-12));
    }
    given = skewed(1024);
    const Packed once = palettized(task, given);
    for (double& sensitivity : given.sensitivities) sensitivity *= 0x1p900;
    BOOST_TEST(palettized(task, given).tensor.lut == once.tensor.lut, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_vector_weighs_what_its_elements_do) {
    // Only two of 64 vectors matter: with two clusters, they are the LUT.
    TensorTask task = scalar_task({8, 16}, 1, Engine::kFast);
    task.spec.cluster_dim = 2;
    task.geometry = std::get<Geometry>(make_geometry({8, 16}, {0, 1}, task.spec, false));
    Case given = skewed(128);
    std::fill(given.sensitivities.begin(), given.sensitivities.end(), 0.0);
    for (const std::size_t position : {std::size_t{3}, std::size_t{40}}) {
        // One element is enough, of either component.
        const std::size_t first = task.geometry.weight_position(position);
        given.sensitivities[first + (position == 3 ? 0 : task.geometry.vector_stride())] = 5;
    }
    const Packed packed = palettized(task, given);
    BOOST_TEST(packed.result.weighted.value().mse == 0.0);
    for (const std::size_t position : {std::size_t{3}, std::size_t{40}}) {
        const std::size_t first = task.geometry.weight_position(position);
        const std::vector<double> vector{given.weights[first],
                                         given.weights[first + task.geometry.vector_stride()]};
        const auto& lut = packed.tensor.lut;
        BOOST_TEST(((lut[0] == vector[0] && lut[1] == vector[1]) ||
                    (lut[2] == vector[0] && lut[3] == vector[1])));
    }
}

BOOST_AUTO_TEST_CASE(certificates_hold_for_weighted_points) {
    const Case given = skewed(4096);
    TensorTask task = scalar_task({64, 64}, 4, Engine::kExact);
    task.cluster.certify = 1e-4;
    BOOST_TEST(palettized(task, given).result.optimality_gap.value() <= 1e-4);
}

BOOST_AUTO_TEST_CASE(the_first_bad_sensitivity_is_named) {
    std::vector<float> values(200000, 1.0F);
    BOOST_TEST(!first_bad_sensitivity(Weights(values)).has_value());
    for (const float bad :
         {-1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        values[150000] = bad;
        const auto found = first_bad_sensitivity(Weights(values));
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(found->index == 150000U);
    }
    values[70000] = -2.0F;
    BOOST_TEST(first_bad_sensitivity(Weights(values))->index == 70000U);
    BOOST_TEST(first_bad_sensitivity(Weights(values))->value == -2.0);
}
BOOST_AUTO_TEST_CASE(squared_gradients_are_normalized_as_coreai_opt_does) {
    const auto normalized = [](std::vector<double> raw) {
        return std::get<std::vector<double>>(
            normalized_like_coreai(Weights(std::move(raw))).values());
    };
    using Values = std::vector<double>;
    BOOST_TEST(normalized({1, 4, 0, 0}) == (Values{0.25, 1, 0.25, 0.25}), tt::per_element());
    BOOST_TEST(normalized({0, 0, 0}) == (Values{1, 1, 1}), tt::per_element());
    BOOST_TEST(normalized({1e-20, 2, 0}) == (Values{1e-12, 1, 1e-12}), tt::per_element());
    BOOST_TEST(normalized({5}) == (Values{1}), tt::per_element());
    // A factor of 100 that only rounds must not make infinities.
    BOOST_TEST(normalized({0x1p1022, 0x1p1023}) == (Values{0.5, 1}), tt::per_element());
    const Weights single(std::vector<float>{0, 0x1p100F, 0x1p127F});
    BOOST_TEST(std::get<std::vector<float>>(normalized_like_coreai(single).values()) ==
                   (std::vector<float>{0x1p-27F, 0x1p-27F, 1}),
               tt::per_element());
}
