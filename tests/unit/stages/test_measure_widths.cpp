// Compares the measured error of each width with the error of the chain.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "stages/cluster/quick_luts.hpp"
#include "stages/measure_widths.hpp"
#include "stages/sensitivities.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/labels.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using test::task_for;
namespace tt = boost::test_tools;

namespace {

struct Weighted {
    std::vector<float> weights;
    std::optional<Weights> sensitivities;
};

std::vector<float> values_of(const std::string& name, std::size_t count) {
    std::mt19937 random(11);
    const auto& all = test::distributions();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& own) { return name == own.first; });
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(found->second(random));
    return values;
}

std::vector<float> heavy_tailed(std::size_t count) {
    std::mt19937 random(11);
    std::student_t_distribution<float> distribution(5);
    std::vector<float> weights(count);
    for (float& weight : weights) weight = 0.02F * distribution(random);
    return weights;
}

/// The largest of measured / lost - 1 over the widths, and the least.
std::pair<double, double> deviations(const TensorTask& task, const Weighted& given) {
    const auto measured = measure_widths(task, Weights(given.weights), given.sensitivities);
    BOOST_REQUIRE(measured.has_value());
    double most = 0;
    double least = 0;
    for (std::size_t w = 0; w < kWidths.size(); ++w) {
        TensorTask own = task;
        own.spec.n_bits = kWidths[w];
        const Packed packed = AssignStage{}(
            own, QuantizeLutStage{}(
                     own, ClusterStage{}(own, ScaleStage{}(own, Loaded{Weights(given.weights),
                                                                       given.sensitivities}))));
        const double lost =
            given.sensitivities
                ? weighted_error(Weights(given.weights), *given.sensitivities, packed.tensor)
                      .squared
                : packed.result.error.mse * double(given.weights.size());
        if (lost == 0) {
            BOOST_TEST(measured->squared[w] == 0.0);
            continue;
        }
        most = std::max(most, measured->squared[w] / lost - 1);
        least = std::min(least, measured->squared[w] / lost - 1);
    }
    return {most, least};
}

}  // namespace

BOOST_AUTO_TEST_CASE(measured_errors_are_those_of_the_chain) {
    const std::size_t count = 256 * 512;
    Weighted plain{heavy_tailed(count), std::nullopt};
    Weighted weighted = plain;
    std::vector<float> sensitivities(count);
    for (std::size_t i = 0; i < count; ++i) sensitivities[i] = i % 32 == 0 ? 100.0F : 1.0F;
    weighted.sensitivities = Weights(sensitivities);
    for (const DType dtype : {DType::kF32, DType::kF16}) {
        for (Weighted* given : {&plain, &weighted}) {
            for (float& weight : given->weights)
                weight = static_cast<float>(round_to_dtype(weight, dtype));
            PalettizationSpec spec;
            for (const int kind : {0, 1, 2, 3, 4}) {
                spec = {};
                if (kind == 1) spec.granularity = {GranularityKind::kPerGroupedChannel, 0, 100};
                if (kind == 2) spec.granularity = {GranularityKind::kPerGroupedChannel, 1, 64};
                if (kind == 3) spec.enable_per_channel_scale = true;
                if (kind == 4) spec.lut_qspec = LutQSpec{};
                const auto [most, least] = deviations(task_for({256, 512}, spec, dtype), *given);
                BOOST_TEST_CONTEXT("kind " << kind << " " << dtype_name(dtype) << " weighted "
                                           << given->sensitivities.has_value()) {
                    // Rounding 256 entries to 8 bits changes the error by chance.
                    BOOST_TEST(most < 0.05);
                    BOOST_TEST(least > (spec.lut_qspec ? -0.05 : -0.01));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(values_of_every_kind_are_measured) {
    for (const auto& [name, draw] : test::distributions()) {
        for (const std::size_t rows : {std::size_t{16}, std::size_t{512}}) {
            const auto [most, least] = deviations(task_for({rows, 128}, {}, DType::kF32),
                                                  {values_of(name, rows * 128), std::nullopt});
            BOOST_TEST_CONTEXT(name << " " << rows) {
                BOOST_TEST(most < 0.1);
                BOOST_TEST(least > -0.01);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(few_values_and_small_tensors_are_met) {
    // Nothing is lost once there are as many entries as values.
    std::vector<float> few(1 << 15);
    for (std::size_t i = 0; i < few.size(); ++i) few[i] = float(i * 7919 % 12) - 5.5F;
    const auto exact = measure_widths(task_for({128, 256}, {}, DType::kF32), Weights(few), {});
    BOOST_TEST(exact->squared[2] > 0.0);
    for (const std::size_t w : {3, 4, 5}) BOOST_TEST(exact->squared[w] == 0.0);
    double energy = 0;
    for (const float value : few) energy += double(value) * value;
    BOOST_TEST(exact->energy == energy, tt::tolerance(1e-9));

    const auto [small_most, small_least] =
        deviations(task_for({10, 30}, {}, DType::kF32), {heavy_tailed(300), std::nullopt});
    BOOST_TEST(small_most < 2e-2);
    BOOST_TEST(small_least > -2e-3);
}

BOOST_AUTO_TEST_CASE(vectors_are_measured, *test::kArithmetic) {
    for (const auto& [name, draw] : test::distributions()) {
        for (const std::size_t dim : {2, 4}) {
            PalettizationSpec vectors;
            vectors.cluster_dim = dim;
            const auto [most, least] = deviations(task_for({64, 128}, vectors, DType::kF32),
                                                  {values_of(name, 64 * 128), std::nullopt});
            BOOST_TEST_CONTEXT(name << " vectors of " << dim) {
                BOOST_TEST(most < 0.12);
                BOOST_TEST(least > -0.02);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(groups_whose_squared_errors_are_nothing_are_measured) {
    for (const std::size_t channel : {4, 9000}) {
        std::vector<double> weights(2 * channel);
        for (std::size_t w = 0; w < weights.size(); ++w)
            weights[w] = static_cast<double>(w % channel + 1) * (w < channel ? 1e-170 : 1);
        PalettizationSpec spec = test::grouped(0, 1);
        spec.enable_per_channel_scale = true;
        const auto errors =
            measure_widths(task_for({2, channel}, spec, DType::kF64), Weights(weights), {});
        BOOST_REQUIRE(errors.has_value());
        BOOST_TEST(errors->energy > 0);
        BOOST_TEST(errors->squared.front() > 0);
    }
}

BOOST_AUTO_TEST_CASE(a_width_that_fails_is_of_no_use) {
    const float most = std::numeric_limits<float>::max();
    const std::vector<float> weights{most, -most, 1, 2, 3, 4, 5, 6};
    PalettizationSpec spec;
    spec.enable_per_channel_scale = true;
    // Steps of 0.01005: the largest weight becomes 1.005 of itself.
    spec.lut_qspec = LutQSpec{LutDType::kInt8, QScheme::kSymmetric, -1.281375, 1.281375};
    TensorTask task = task_for({2, 4}, spec, DType::kF32);
    task.cluster.engine = Engine::kReference;
    const auto errors = measure_widths(task, Weights(weights), {});
    BOOST_REQUIRE(errors.has_value());
    BOOST_TEST(std::isinf(errors->squared.back()));
}

BOOST_AUTO_TEST_CASE(nan_and_infinity_are_not_measured) {
    std::vector<float> weights = heavy_tailed(1 << 15);
    weights[20000] = std::numeric_limits<float>::quiet_NaN();
    PalettizationSpec spec;
    BOOST_TEST(!measure_widths(task_for({128, 256}, spec, DType::kF32), Weights(weights), {}));
    spec.enable_per_channel_scale = true;
    BOOST_TEST(!measure_widths(task_for({128, 256}, spec, DType::kF32), Weights(weights), {}));
    spec = {};
    spec.granularity = {GranularityKind::kPerGroupedChannel, 1, 64};
    BOOST_TEST(!measure_widths(task_for({128, 256}, spec, DType::kF32), Weights(weights), {}));
}
