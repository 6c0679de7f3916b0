#include <boost/test/unit_test.hpp>

#include "stages/tensor/chunk_grid.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using test::grouped;

namespace {

Geometry ungrouped(const Shape& shape) {
    return std::get<Geometry>(make_geometry(shape, {0, 0}, {}, false));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chunk_grid)

BOOST_AUTO_TEST_CASE(the_chunk_of_a_position_is_the_one_that_holds_it) {
    for (const Shape& shape : {Shape{3, 5}, Shape{1100, 1030}, Shape{2, 3, 1100000}, Shape{1500000},
                               Shape{7, 1, 200, 900}, Shape{3, 2, 1, 700, 1000}}) {
        const ChunkGrid grid(ungrouped(shape));
        for (std::size_t c = 0; c < grid.count(); ++c) {
            const IndexRun run = grid.positions(c);
            BOOST_TEST(grid.chunk_of(run.begin) == c, shape_to_string(shape));
            BOOST_TEST(grid.chunk_of(run.begin + run.length - 1) == c, shape_to_string(shape));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_chunk_never_straddles_a_group_of_the_leading_dimension) {
    for (const std::uint64_t group_size : {16, 24, 1000}) {
        const auto geometry =
            std::get<Geometry>(make_geometry({48000, 4096}, {0, 1}, grouped(0, group_size), false));
        const std::uint64_t rows = chunk_shape(geometry)[0];
        BOOST_TEST((rows % group_size == 0 || group_size % rows == 0));
    }
}

BOOST_AUTO_TEST_SUITE_END()
