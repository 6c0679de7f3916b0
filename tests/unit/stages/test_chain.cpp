// The stages alone, as a library on a tensor in memory.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "stages/chain.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using test::task_for;
namespace tt = boost::test_tools;

namespace {

std::vector<float> floats(const PalettizedTensor& tensor) {
    return std::get<std::vector<float>>(decode(tensor));
}

/// Makes weights with 2^n_bits distinct vectors in each group, different in every group. A LUT made
/// from the right weights has them exactly.
void check_few_vectors(const Shape& shape, AxisMap axes, int axis, std::uint64_t group_size,
                       std::uint64_t dim, int n_bits) {
    const std::size_t group_axis = axis == 0 ? axes.output_axis : axes.input_axis;
    const auto stride = [&](std::size_t dimension) {
        std::size_t product = 1;
        for (std::size_t d = dimension + 1; d < shape.size(); ++d) product *= shape[d];
        return product;
    };
    std::vector<float> weights(element_count(shape).value());
    for (std::size_t w = 0; w < weights.size(); ++w) {
        const std::size_t out = w / stride(axes.output_axis) % shape[axes.output_axis];
        const std::size_t group = w / stride(group_axis) % shape[group_axis] / group_size;
        // The number of the vector: whatever is the same for all its components.
        const std::size_t base = w - out % dim * stride(axes.output_axis);
        const std::size_t vector = base * 2654435761U / 4096 % (std::size_t{1} << n_bits);
        weights[w] = static_cast<float>(100 * group + 10 * vector + out % dim);
    }
    PalettizationSpec spec;
    spec.n_bits = n_bits;
    spec.cluster_dim = dim;
    spec.granularity = {GranularityKind::kPerGroupedChannel, axis, group_size, false};
    const Packed packed = palettize(task_for(shape, spec, DType::kF32, axes), weights);
    BOOST_TEST(packed.result.error.mse == 0.0,
               shape_to_string(shape) << ", axis " << axis << ", dim " << dim << ", " << n_bits
                                      << " bits: mse " << packed.result.error.mse);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chain)

BOOST_AUTO_TEST_CASE(two_by_two_at_two_bits_is_exact) {
    PalettizationSpec spec;
    spec.n_bits = 2;
    const Packed packed = palettize(task_for({2, 2}, spec), std::vector<float>{1, 2, 3, 4});
    const std::vector<double> lut{1, 2, 3, 4};
    BOOST_TEST(packed.tensor.lut == lut, tt::per_element());
    BOOST_TEST(packed.result.error.mse == 0.0);
    BOOST_TEST(std::isinf(packed.result.error.sqnr_db));
}

BOOST_AUTO_TEST_CASE(worked_case_with_a_quantized_lut) {
    PalettizationSpec spec;
    spec.n_bits = 2;
    spec.lut_qspec = LutQSpec{};
    const Packed packed = palettize(task_for({2, 2}, spec), std::vector<float>{1, 2, 3, 4});
    const std::vector<double> expected{1.0039, 2.0078, 3.0118, 3.9843};
    for (std::size_t e = 0; e < 4; ++e)
        BOOST_TEST(std::abs(packed.tensor.lut[e] - expected[e]) < 5e-5);
}

BOOST_AUTO_TEST_CASE(a_short_lut_repeats_its_last_entry) {
    PalettizationSpec spec;
    spec.n_bits = 2;
    const Packed packed = palettize(task_for({2, 3}, spec), std::vector<float>{1, 1, 2, 2, 1, 2});
    const std::vector<double> lut{1, 2, 2, 2};
    const std::vector<std::uint8_t> indices{0, 0, 1, 1, 0, 1};
    BOOST_TEST(packed.tensor.lut == lut, tt::per_element());
    BOOST_TEST(unpack_indices(packed.tensor) == indices, tt::per_element());
}

BOOST_AUTO_TEST_CASE(an_all_zero_channel_has_scale_one_and_decodes_to_zeros) {
    PalettizationSpec spec;
    spec.n_bits = 2;
    spec.enable_per_channel_scale = true;
    const Packed packed =
        palettize(task_for({3, 3}, spec), std::vector<float>{1, -2, 4, 0, 0, 0, 5, 10, 20});
    const std::vector<double> scales{4, 1, 20};
    BOOST_TEST(packed.tensor.per_channel_scale == scales, tt::per_element());
    const auto decoded = floats(packed.tensor);
    for (std::size_t p = 3; p < 6; ++p) BOOST_TEST(decoded[p] == 0.0F);
}

BOOST_AUTO_TEST_CASE(scales_run_along_the_keras_output_axis_too) {
    PalettizationSpec spec;
    spec.enable_per_channel_scale = true;
    const Packed packed = palettize(task_for({2, 3}, spec, DType::kF32, {1, 0}),
                                    std::vector<float>{1, -2, 3, -4, 1, 6});
    const std::vector<double> scales{4, 2, 6};
    BOOST_TEST(packed.tensor.per_channel_scale == scales, tt::per_element());
    BOOST_TEST(packed.result.error.max_abs_error < 1e-6);
}

BOOST_AUTO_TEST_CASE(groups_follow_either_axis) {
    PalettizationSpec spec;
    spec.n_bits = 1;
    spec.granularity = {GranularityKind::kPerGroupedChannel, 0, 1, false};
    const std::vector<float> by_row{1, 2, 10, 20};
    BOOST_TEST(palettize(task_for({2, 2}, spec), by_row).result.error.mse == 0.0);
    spec.granularity.axis = 1;
    BOOST_TEST(palettize(task_for({2, 2}, spec), by_row).result.error.mse == 0.0);
    spec.granularity = {};
    BOOST_TEST(palettize(task_for({2, 2}, spec), by_row).result.error.mse > 0.0);
}

BOOST_AUTO_TEST_CASE(every_dtype_bits_dim_and_axis_round_trips_through_its_own_decoding) {
    const std::vector<float> weights = test::normal_weights(24 * 16);
    for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
        for (const int n_bits : {1, 2, 3, 4, 6, 8}) {
            for (const std::uint64_t dim : {1, 2, 3, 4, 8}) {
                for (const int axis : {-1, 0, 1}) {
                    PalettizationSpec spec;
                    spec.n_bits = n_bits;
                    spec.cluster_dim = dim;
                    if (axis >= 0)
                        spec.granularity = {GranularityKind::kPerGroupedChannel, axis, 8, false};
                    if (axis == 0 && 8 % dim != 0) continue;
                    const TensorTask task = task_for({24, 16}, spec, dtype);
                    WeightValues values;
                    if (dtype == DType::kF64) {
                        values = std::vector<double>(weights.begin(), weights.end());
                    } else {
                        std::vector<float> rounded;
                        for (const float w : weights)
                            rounded.push_back(static_cast<float>(round_to_dtype(w, dtype)));
                        values = rounded;
                    }
                    const Packed packed = palettize(task, values);
                    BOOST_TEST(unpack_indices(packed.tensor).size() == task.geometry.index_count);
                    // A LUT of 2^n entries is never worse than all zeros, and better with more
                    // bits for scalars.
                    BOOST_TEST(packed.result.error.sqnr_db > 0.0);
                    if (dim == 1 && n_bits >= 4) BOOST_TEST(packed.result.error.sqnr_db > 15.0);
                    for (const double entry : packed.tensor.lut)
                        BOOST_REQUIRE(entry == round_to_dtype(entry, dtype));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(fewer_vectors_than_clusters_is_no_skip) {
    PalettizationSpec spec;
    spec.n_bits = 8;
    spec.cluster_dim = 2;
    const Packed packed =
        palettize(task_for({4, 2}, spec), std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    BOOST_TEST(packed.result.error.mse == 0.0);
}

BOOST_AUTO_TEST_CASE(nonfinite_weights_are_named) {
    std::vector<float> weights(100, 1.0F);
    weights[17] = std::numeric_limits<float>::quiet_NaN();
    weights[40] = std::numeric_limits<float>::infinity();
    const TensorTask task = task_for({10, 10}, PalettizationSpec{});
    BOOST_CHECK_EXCEPTION((void)palettize(task, weights), Error, [](const Error& error) {
        const std::string text = error.what();
        return text.find("/w: 2 of 100") == 0 &&
               text.find("first at index 17") != std::string::npos &&
               error.code() == ErrorCode::kCheckFailed;
    });
}

BOOST_AUTO_TEST_CASE(nearest_assignment_never_costs_more_than_upstreams) {
    TensorTask task = task_for({32, 64}, PalettizationSpec{});
    const std::vector<float> weights = test::normal_weights(32 * 64);
    task.cluster.engine = Engine::kReference;
    const double reference = palettize(task, weights).result.error.mse;
    task.cluster.engine = Engine::kExact;
    const double exact = palettize(task, weights).result.error.mse;
    task.cluster.engine = Engine::kFast;
    const double fast = palettize(task, weights).result.error.mse;
    BOOST_TEST(exact <= reference);
    BOOST_TEST(fast <= exact * (1 + 1e-4));
}

BOOST_AUTO_TEST_CASE(reference_keeps_the_indices_of_its_clustering) {
    // Rounded, in units of 1e-4: -2 3 2 0 0 1 3 0. The best two clusters are those below 2 and the
    // rest; 0.000146 belongs to the lower one and is nearer to the upper.
    const std::vector<float> weights{-.00023F, .000277F, .000181F, .000022F,
                                     .000046F, .000146F, .000281F, .000034F};
    PalettizationSpec spec;
    spec.n_bits = 1;
    TensorTask task = task_for({1, 8}, spec);
    task.cluster.engine = Engine::kReference;
    const Packed reference = palettize(task, weights);
    const std::vector<double> lut{-0.00002, 0.0008 / 3};
    const std::vector<std::uint8_t> kept{0, 1, 1, 0, 0, 0, 1, 0};
    BOOST_TEST(reference.tensor.lut == lut, tt::tolerance(1e-6) << tt::per_element());
    BOOST_TEST(unpack_indices(reference.tensor) == kept, tt::per_element());
    const std::vector<std::uint8_t> nearest{0, 1, 1, 0, 0, 1, 1, 0};
    for (const Engine engine : {Engine::kExact, Engine::kFast}) {
        task.cluster.engine = engine;
        BOOST_TEST(unpack_indices(palettize(task, weights).tensor) == nearest, tt::per_element());
    }
}

BOOST_AUTO_TEST_CASE(groups_and_paths_have_random_numbers_of_their_own) {
    PalettizationSpec spec;
    spec.cluster_dim = 2;
    TensorTask task = task_for({32, 64}, spec);
    const std::vector<float> weights = test::normal_weights(32 * 64);
    const auto lut = [&] { return palettize(task, weights).tensor.lut; };
    const std::vector<double> first = lut();
    task.path = "/v";
    BOOST_TEST((lut() != first));
    task.cluster.seed = 1;
    task.path = "/w";
    BOOST_TEST((lut() != first));

    std::vector<float> twice = weights;
    twice.insert(twice.end(), weights.begin(), weights.end());
    spec.granularity = {GranularityKind::kPerGroupedChannel, 0, 32, false};
    const std::vector<double> both = palettize(task_for({64, 64}, spec), twice).tensor.lut;
    const auto middle = both.begin() + std::ptrdiff_t(both.size() / 2);
    BOOST_TEST(!std::equal(both.begin(), middle, middle));
}

BOOST_AUTO_TEST_CASE(groups_of_few_distinct_vectors_come_back_exactly) {
    for (const std::size_t rank : {2, 3, 4, 5}) {
        for (const bool keras : {false, true}) {
            for (const std::uint64_t dim : {1, 2, 3, 4, 5, 6, 7, 8}) {
                Shape shape{4 * dim, 16};
                for (std::size_t d = 2; d < rank; ++d) shape.push_back(d);
                if (keras) std::reverse(shape.begin(), shape.end());
                const AxisMap axes = keras ? AxisMap{rank - 1, rank - 2} : AxisMap{0, 1};
                for (const int n_bits : {1, 2, 3}) {
                    check_few_vectors(shape, axes, 0, 2 * dim, dim, n_bits);
                    check_few_vectors(shape, axes, 1, 8, dim, n_bits);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(errors_of_huge_and_denormal_tensors_are_numbers) {
    PalettizationSpec spec;
    spec.n_bits = 1;
    for (const std::vector<double>& values :
         {std::vector<double>{1e300, -1e300, 3e299, 2e299, 0.5e300, 0},
          std::vector<double>{1e-320, 2e-320, 5e-320, 0, 0, 0}}) {
        const Packed packed = palettize(task_for({2, 3}, spec, DType::kF64), values);
        BOOST_TEST(std::isfinite(packed.result.error.sqnr_db));
        BOOST_TEST(packed.result.error.sqnr_db > 0);
        BOOST_TEST(measure_error(values, packed.tensor).sqnr_db == packed.result.error.sqnr_db);
    }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Palettizes weights of one dimension at 1 bit, without the rounding of fast k-means.
PalettizedTensor palettized_line(const std::vector<float>& weights, DType dtype, Engine engine) {
    TensorTask task;
    task.path = "w";
    task.dtype = dtype;
    task.spec.n_bits = 1;
    task.spec.enable_fast_kmeans_mode = false;
    task.cluster.engine = engine;
    task.geometry =
        std::get<Geometry>(make_geometry({weights.size(), 1}, {0, 1}, task.spec, false));
    return palettize(task, weights).tensor;
}

}  // namespace

// The mean of 5000 times 1 and 5001 times 1 + 2^-10 lies just above the middle of the two. Float32
// is too coarse to show that, and the middle is rounded to even.
BOOST_AUTO_TEST_CASE(centroids_of_half_weights_are_rounded_by_way_of_float32_in_reference) {
    std::vector<float> weights(5000, 1.0F);
    weights.insert(weights.end(), 5001, 1.0F + 0x1p-10F);
    weights.push_back(-100.0F);
    for (const Engine engine : {Engine::kReference, Engine::kExact}) {
        const PalettizedTensor tensor = palettized_line(weights, DType::kF16, engine);
        BOOST_TEST(tensor.lut[1] == (engine == Engine::kReference ? 1.0 : 1.0 + 0x1p-10),
                   engine_name(engine));
    }
}

BOOST_AUTO_TEST_CASE(luts_of_double_weights_are_quantized_from_float32_in_reference) {
    TensorTask task;
    task.path = "w";
    task.dtype = DType::kF64;
    task.spec.n_bits = 1;
    task.spec.lut_qspec = LutQSpec{};
    task.geometry = std::get<Geometry>(make_geometry({2, 1}, {0, 1}, task.spec, false));
    for (const Engine engine : {Engine::kReference, Engine::kExact}) {
        task.cluster.engine = engine;
        task.spec.enable_fast_kmeans_mode = false;
        // The scale is 1. In float32 the first entry lies half-way between two steps.
        const Packed packed = palettize(task, std::vector<double>{0.5 + 1e-9, 127.5});
        BOOST_TEST(packed.tensor.lut_scale[0] == 1.0);
        BOOST_TEST(packed.tensor.lut[0] == (engine == Engine::kReference ? 0.0 : 1.0),
                   engine_name(engine));
    }
}
