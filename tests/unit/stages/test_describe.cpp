#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "stages/chain.hpp"
#include "tests/support/specs.hpp"
#include "tests/support/threads.hpp"

using namespace pal;
using test::grouped;
using test::task_for;
using test::with_bits;
namespace tt = boost::test_tools;

namespace {

template <class Real = float>
std::vector<Real> normal_weights(std::size_t count, double deviation = 0.02) {
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0, deviation);
    std::vector<Real> weights(count);
    for (Real& weight : weights) weight = static_cast<Real>(normal(random));
    return weights;
}

/// The mean squared error of each group by definition.
template <class Real>
std::vector<double> errors_by_definition(const std::vector<Real>& weights,
                                         const PalettizedTensor& tensor) {
    const Geometry& geometry = tensor.geometry;
    const auto decoded = std::get<std::vector<Real>>(decode(tensor));
    std::vector<double> sums(geometry.group_count);
    std::vector<double> counts(geometry.group_count);
    for (std::size_t w = 0; w < weights.size(); ++w) {
        std::size_t group = 0;
        if (geometry.group_axis) {
            const AxisView view = axis_view(geometry.shape, *geometry.group_axis);
            group = w / view.inner % view.channels / geometry.group_size;
        }
        const double error = static_cast<double>(weights[w]) - static_cast<double>(decoded[w]);
        sums[group] += error * error;
        counts[group] += 1;
    }
    for (std::size_t g = 0; g < sums.size(); ++g) sums[g] /= counts[g];
    return sums;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(describing)

BOOST_AUTO_TEST_CASE(the_histogram_has_bins_of_one_width_from_the_smallest_to_the_largest) {
    std::vector<float> weights(64);
    std::iota(weights.begin(), weights.end(), 0.0F);
    weights.push_back(64);  // the largest belongs to the last bin
    weights.push_back(0.5);
    PalettizationSpec spec;
    const TensorTask task = task_for({1, 66}, spec);
    const TensorDetail detail = describe(weights, palettize(task, weights).tensor);
    BOOST_TEST(detail.low == 0.0);
    BOOST_TEST(detail.high == 64.0);
    for (std::size_t b = 0; b < kHistogramBins; ++b)
        BOOST_TEST(detail.histogram[b] == (b == 0 || b == 63 ? 2U : 1U));
    BOOST_TEST(detail.group_count == 1U);
    BOOST_TEST(detail.groups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(equal_weights_are_in_one_bin) {
    const std::vector<float> weights(32, -0.25F);
    const TensorDetail detail = describe(weights, palettize(task_for({4, 8}, {}), weights).tensor);
    BOOST_TEST(detail.low == -0.25);
    BOOST_TEST(detail.high == -0.25);
    BOOST_TEST(detail.histogram[0] == 32U);
    BOOST_TEST(detail.strip_mse == std::vector<double>{0.0}, tt::per_element());
}

BOOST_AUTO_TEST_CASE(errors_of_groups_are_those_of_the_decoded_weights) {
    const auto weights = normal_weights(std::size_t{48} * 40 * 3);
    for (const PalettizationSpec& spec :
         {with_bits(grouped(0, 4), 2), with_bits(grouped(1, 8), 2), with_bits(grouped(1, 7), 2),
          with_bits(grouped(0, 6, 2), 3), with_bits(grouped(1, 16, 4), 3), PalettizationSpec{}}) {
        const TensorTask task = task_for({48, 40, 3}, spec);
        const PalettizedTensor tensor = palettize(task, weights).tensor;
        const TensorDetail detail = describe(weights, tensor);
        const auto expected = errors_by_definition(weights, tensor);
        BOOST_TEST_CONTEXT("axis " << spec.granularity.axis << " dim " << spec.cluster_dim) {
            BOOST_TEST(detail.group_count == expected.size());
            BOOST_TEST(detail.strip_mse == expected, tt::tolerance(1e-9) << tt::per_element());
            BOOST_TEST(std::accumulate(detail.histogram.begin(), detail.histogram.end(),
                                       std::uint64_t{0}) == weights.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(with_scales_weights_are_shown_as_the_lut_is) {
    auto weights = normal_weights(std::size_t{16} * 32);
    for (std::size_t w = 0; w < 32; ++w) weights[w] *= 1000;  // the first channel
    PalettizationSpec spec;
    spec.enable_per_channel_scale = true;
    const PalettizedTensor tensor = palettize(task_for({16, 32}, spec), weights).tensor;
    const TensorDetail detail = describe(weights, tensor);
    BOOST_TEST(detail.scaled);
    BOOST_TEST(detail.low >= -1.0);
    BOOST_TEST(std::max(-detail.low, detail.high) == 1.0);
    BOOST_TEST(detail.groups[0].lut == tensor.lut, tt::per_element());
    BOOST_TEST(detail.strip_mse == errors_by_definition(weights, tensor), tt::tolerance(1e-9)
                                                                              << tt::per_element());
}

BOOST_AUTO_TEST_CASE(doubles_whose_squares_leave_their_range) {
    for (const double deviation : {1e200, 1e-200}) {
        const auto weights = normal_weights<double>(256, deviation);
        const PalettizedTensor tensor =
            palettize(task_for({16, 16}, with_bits(grouped(0, 8), 2), DType::kF64), weights).tensor;
        const TensorDetail detail = describe(weights, tensor);
        const auto counted =
            std::accumulate(detail.histogram.begin(), detail.histogram.end(), std::uint64_t{0});
        BOOST_TEST(counted == 256U);
        BOOST_TEST(*std::max_element(detail.histogram.begin(), detail.histogram.end()) < 64U);
        BOOST_TEST(!std::isnan(detail.strip_mse[0]));
    }
}

BOOST_AUTO_TEST_CASE(the_first_groups_and_the_worst_are_kept) {
    auto weights = normal_weights(std::size_t{300} * 64);
    for (std::size_t w = 250 * 64; w < 251 * 64; ++w) weights[w] *= 100;  // group 250
    const PalettizedTensor tensor =
        palettize(task_for({300, 64}, with_bits(grouped(0, 1), 2)), weights).tensor;
    const auto mse = errors_by_definition(weights, tensor);
    const TensorDetail detail = describe(weights, tensor, {100, 5, 1024});
    std::vector<std::size_t> groups;
    for (const GroupDetail& group : detail.groups) groups.push_back(group.group);
    const std::vector<std::size_t> expected{0, 1, 2, 3, 250};
    BOOST_TEST(groups == expected, tt::per_element());
    BOOST_TEST(detail.groups.back().mse == mse[250], tt::tolerance(1e-9));
    const std::vector<double> lut(tensor.lut.begin() + 250 * 4, tensor.lut.begin() + 251 * 4);
    BOOST_TEST(detail.groups.back().lut == lut, tt::per_element());
    // A strip is the worst of its groups.
    BOOST_TEST(detail.groups_per_strip == 3U);
    BOOST_TEST(detail.strip_mse.size() == 100U);
    for (std::size_t s = 0; s < 100; ++s) {
        const double worst = std::max({mse[3 * s], mse[3 * s + 1], mse[3 * s + 2]});
        BOOST_TEST(detail.strip_mse[s] == worst, tt::tolerance(1e-9));
    }
    // Few values: but one LUT.
    BOOST_TEST(describe(weights, tensor, {100, 5, 1}).groups.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_large_lut_is_kept_in_part) {
    const auto weights = normal_weights(std::size_t{64} * 512);
    PalettizationSpec spec;
    spec.n_bits = 8;
    spec.cluster_dim = 4;
    const TensorDetail detail =
        describe(weights, palettize(task_for({64, 512}, spec), weights).tensor);
    const std::vector<double>& lut = detail.groups[0].lut;
    BOOST_TEST(lut.size() == kLutValues);
    BOOST_TEST(std::is_sorted(lut.begin(), lut.end()));
}

BOOST_AUTO_TEST_CASE(a_tensor_of_many_chunks_and_chunks_that_are_not_found_yet) {
    const std::size_t rows = 9000;
    const auto weights = normal_weights(rows * 256);  // three chunks
    for (const PalettizationSpec& spec :
         {with_bits(grouped(0, 1000), 1), with_bits(grouped(1, 64), 1)}) {
        const TensorTask task = task_for({rows, 256}, spec);
        const Packed packed = palettize(task, weights);
        const TensorDetail held = describe(weights, packed.tensor);
        const TensorDetail alone =
            pal::test::with_threads(1, [&] { return describe(weights, packed.tensor); });
        BOOST_TEST(alone.strip_mse == held.strip_mse, tt::per_element());
        BOOST_TEST(held.strip_mse == errors_by_definition(weights, packed.tensor),
                   tt::tolerance(1e-9) << tt::per_element());
        PalettizedTensor without_chunks = packed.tensor;
        without_chunks.chunks = {};
        PalettizedTensor later = packed.tensor;
        later.chunks = PackedChunks(assign_later(weights, {}, without_chunks), later.chunks.size());
        const TensorDetail found = describe(weights, later);
        BOOST_TEST(found.strip_mse == held.strip_mse, tt::per_element());
        BOOST_TEST(found.histogram == held.histogram, tt::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
