#include <boost/test/unit_test.hpp>
#include <set>

#include "stages/tensor/tensor.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using test::grouped;

namespace {

Geometry fitting(const Shape& shape, AxisMap axes, const PalettizationSpec& spec,
                 bool partial = false) {
    auto fit = make_geometry(shape, axes, spec, partial);
    BOOST_REQUIRE(std::holds_alternative<Geometry>(fit));
    return std::get<Geometry>(fit);
}

std::string misfit(const Shape& shape, const PalettizationSpec& spec) {
    auto fit = make_geometry(shape, {0, shape.size() > 1 ? 1U : 0U}, spec, false);
    BOOST_REQUIRE(std::holds_alternative<std::string>(fit));
    return std::get<std::string>(fit);
}

std::size_t coordinate(const Shape& shape, std::size_t axis, std::size_t position) {
    return position / axis_view(shape, axis).inner % shape[axis];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(element_counts_are_checked) {
    BOOST_TEST(element_count({}).value() == 1U);
    BOOST_TEST(element_count({3, 0, 5}).value() == 0U);
    BOOST_TEST(element_count({0, std::uint64_t{1} << 62, 8}).value() == 0U);
    BOOST_TEST(!element_count({std::uint64_t{1} << 40, std::uint64_t{1} << 40}).has_value());
}

// For every rank, axis, group size and cluster_dim: each weight belongs to exactly one vector of
// one group, and to the group of its channel. The weights of a vector differ only in their output
// channels, which are consecutive.
BOOST_AUTO_TEST_CASE(groups_and_vectors_partition_the_tensor) {
    const std::vector<Shape> shapes{
        {8, 6}, {3, 4, 8}, {3, 3, 4, 8}, {2, 3, 2, 8, 4}, {8, 4, 2, 2, 2}};
    for (const Shape& shape : shapes) {
        for (const AxisMap axes : {AxisMap{0, 1}, AxisMap{shape.size() - 1, shape.size() - 2}}) {
            for (const int axis : {0, 1}) {
                for (const std::uint64_t dim : {1, 2}) {
                    const std::size_t dataset_axis = axis == 0 ? axes.output_axis : axes.input_axis;
                    if (shape[axes.output_axis] % dim != 0) continue;
                    if (shape[dataset_axis] % 2 != 0) continue;
                    const Geometry geometry = fitting(shape, axes, grouped(axis, 2, dim));
                    std::set<std::size_t> seen;
                    for (std::size_t g = 0; g < geometry.group_count; ++g) {
                        for (std::size_t r = 0; r < geometry.run_count(); ++r) {
                            const IndexRun run = geometry.run(g, r);
                            for (std::size_t p = run.begin; p < run.begin + run.length; ++p) {
                                const std::size_t first = geometry.weight_position(p);
                                for (std::size_t t = 0; t < dim; ++t) {
                                    const std::size_t at = first + t * geometry.vector_stride();
                                    BOOST_REQUIRE(seen.insert(at).second);
                                    BOOST_REQUIRE_EQUAL(coordinate(shape, dataset_axis, at) / 2, g);
                                    BOOST_REQUIRE_EQUAL(geometry.channel_of(at),
                                                        geometry.channel_of(first) + t);
                                }
                            }
                        }
                    }
                    BOOST_REQUIRE_EQUAL(seen.size(), geometry.weight_count);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(per_tensor_is_one_run) {
    const Geometry geometry = fitting({4, 3, 2}, {0, 1}, PalettizationSpec{});
    BOOST_TEST(geometry.group_count == 1U);
    BOOST_TEST(geometry.run_count() == 1U);
    BOOST_TEST(geometry.run(0, 0).length == 24U);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_says_why) {
    BOOST_TEST(misfit({10, 4}, grouped(0, 3)).find("group_size 3 does not divide the 10") == 0U);
    BOOST_TEST(misfit({10}, grouped(0, 2)).find("rank 1") != std::string::npos);
    BOOST_TEST(misfit({9, 4}, grouped(1, 2, 2)).find("cluster_dim 2 does not divide the 9") == 0U);
    BOOST_TEST(misfit({12, 4}, grouped(0, 3, 2)).find("cluster_dim 2 does not divide the 3") == 0U);
    PalettizationSpec scaled;
    scaled.enable_per_channel_scale = true;
    BOOST_TEST(misfit({10}, scaled).find("per-channel scale") != std::string::npos);
    BOOST_TEST(misfit({}, PalettizationSpec{}).find("scalar") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(partial_groups_leave_a_smaller_last_group) {
    const Geometry geometry = fitting({10, 4}, {0, 1}, grouped(0, 4), true);
    BOOST_TEST(geometry.group_count == 3U);
    BOOST_TEST(geometry.group_index_count(2) == 8U);
    PalettizationSpec own = grouped(0, 4);
    own.granularity.partial_groups = true;
    BOOST_TEST(fitting({10, 4}, {0, 1}, own).group_count == 3U);
}

BOOST_AUTO_TEST_CASE(a_group_larger_than_the_axis_needs_partial_groups) {
    BOOST_TEST(misfit({4, 4}, grouped(0, 16)).find("group_size 16") == 0U);
    BOOST_TEST(fitting({4, 4}, {0, 1}, grouped(0, 16), true).group_count == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
