// Tensors that are palettized in slabs equal those that are palettized as a whole.
#include <boost/test/unit_test.hpp>

#include "stages/chain.hpp"
#include "stages/weights/slab.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using test::grouped;

namespace {

Geometry geometry_of(const Shape& shape, AxisMap axes, const PalettizationSpec& spec) {
    return std::get<Geometry>(make_geometry(shape, axes, spec, true));
}

/// Cuts rows into slabs of `units` units each, the last one with the rest.
std::vector<Slab> cut(std::uint64_t rows, std::uint64_t unit, std::uint64_t units) {
    std::vector<Slab> slabs;
    for (std::uint64_t first = 0; first + unit <= rows; first += unit * units)
        slabs.push_back({first, std::min(unit * units, rows - first)});
    slabs.back().rows = rows - slabs.back().first;
    return slabs;
}

void check_slabs(const Shape& shape, AxisMap axes, PalettizationSpec spec) {
    const TensorTask task{"/w", DType::kF32, geometry_of(shape, axes, spec), spec, {}};
    const Weights weights(test::normal_weights(task.geometry.weight_count));
    const Packed whole = palettize(task, weights);
    const auto unit = slab_unit(task.geometry, spec);
    BOOST_REQUIRE(unit.has_value());
    for (const std::uint64_t units : {1, 2}) {
        std::vector<PalettizedTensor> parts;
        for (const Slab& slab : cut(shape[0], *unit, units)) {
            TensorTask own = task;
            own.geometry = with_rows(task.geometry, slab.rows);
            own.cluster.first_group = first_group(task.geometry, slab);
            parts.push_back(palettize(own, slab_weights(weights, own.geometry, slab)).tensor);
        }
        BOOST_TEST(parts.size() > 1U);
        const PalettizedTensor tensor = joined(std::move(parts), task.geometry);
        BOOST_TEST((tensor.lut == whole.tensor.lut));
        BOOST_TEST((tensor.per_channel_scale == whole.tensor.per_channel_scale));
        BOOST_TEST((tensor.quantized_lut == whole.tensor.quantized_lut));
        BOOST_TEST((tensor.lut_scale == whole.tensor.lut_scale));
        BOOST_TEST((tensor.lut_zero_point == whole.tensor.lut_zero_point));
        BOOST_REQUIRE(tensor.chunks.size() == whole.tensor.chunks.size());
        BOOST_TEST((unpack_indices(tensor) == unpack_indices(whole.tensor)));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slabs)

BOOST_AUTO_TEST_CASE(slabs_together_are_the_whole) {
    check_slabs({4096, 1024}, {0, 1}, grouped(0, 64));
    check_slabs({1100, 4, 1024}, {0, 1},
                grouped(0, 300));  // groups larger than a chunk, a partial one
    check_slabs({3072, 1024}, {1, 0}, grouped(1, 256));  // Keras: groups along the inputs
    PalettizationSpec scaled = grouped(0, 64);
    scaled.enable_per_channel_scale = true;
    scaled.lut_qspec = LutQSpec{};
    check_slabs({4096, 1024}, {0, 1}, scaled);
}

BOOST_AUTO_TEST_CASE(vectors_have_the_seeds_of_the_whole) {
    PalettizationSpec spec = grouped(0, 4096);
    spec.cluster_dim = 2;
    spec.n_bits = 1;
    check_slabs({12288, 512}, {0, 1}, spec);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_cut_is_not) {
    const auto unit = [](const Shape& shape, AxisMap axes, const PalettizationSpec& spec) {
        return slab_unit(geometry_of(shape, axes, spec), spec);
    };
    BOOST_TEST(!unit({4096, 1024}, {0, 1}, {}));              // one group
    BOOST_TEST(!unit({4096, 1024}, {0, 1}, grouped(1, 64)));  // groups across the rows
    BOOST_TEST(!unit({1024, 1024}, {0, 1}, grouped(0, 64)));  // one chunk
    BOOST_TEST(!unit({64, 8}, {0, 1}, grouped(0, 16)));       // few indices
    PalettizationSpec scaled = grouped(1, 256);
    scaled.enable_per_channel_scale = true;
    BOOST_TEST(!unit({3072, 1024}, {1, 0}, scaled));  // each scale is of all rows
    BOOST_TEST(unit({4096, 1024}, {0, 1}, grouped(0, 64)).value() == 1024U);
    BOOST_TEST(unit({1100, 4, 1024}, {0, 1}, grouped(0, 300)).value() == 300U);
}

BOOST_AUTO_TEST_SUITE_END()
