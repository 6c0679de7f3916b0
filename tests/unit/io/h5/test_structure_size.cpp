#include <boost/test/unit_test.hpp>

#include "io/h5/heap_bytes.hpp"
#include "io/h5/structure_size.hpp"

namespace pal::h5 {

BOOST_AUTO_TEST_SUITE(structure_size)

BOOST_AUTO_TEST_CASE(a_tree_that_grows_at_its_end_keeps_nine_tenths_of_a_full_node) {
    BOOST_TEST(tree_nodes(0, 32) == 1U);
    BOOST_TEST(tree_nodes(32, 32) == 1U);
    BOOST_TEST(tree_nodes(33, 32) == 3U);  // two, and one above them
    BOOST_TEST(tree_nodes(60, 32) == 3U);
    BOOST_TEST(tree_nodes(61, 32) == 4U);
}

BOOST_AUTO_TEST_CASE(tables_of_links_are_half_full_when_they_are_made_by_name) {
    const auto bytes_of = [](std::size_t count) {
        return link_table_bytes(std::vector<Link>(count, Link{"step_10"}));
    };
    BOOST_TEST(bytes_of(0) == 544U + 120);
    BOOST_TEST(bytes_of(1) == 544U + 120 + 328);
    BOOST_TEST(bytes_of(8) == 544U + 120 + 328);
    BOOST_TEST(bytes_of(9) == 544U + 120 + 2 * 328);
    BOOST_TEST(bytes_of(106) == 544U + 32 + 88 * 16 + 26 * 328);
}

BOOST_AUTO_TEST_CASE(small_values_share_blocks_and_rows_of_them_double_theirs) {
    HeapBytes heap;
    BOOST_TEST(heap.in_file() == 0U);
    heap.add(0);
    BOOST_TEST(heap.in_file() == 0U);
    heap.add(5);
    heap.add(8);
    BOOST_TEST(heap.of_values() == 2U * 24);
    BOOST_TEST(heap.in_file() == 4096U);
    heap.add(10000);
    BOOST_TEST(heap.in_file() == 4096U + 10016);
    HeapBytes row;
    for (int i = 0; i < 100; ++i) row.add(84);  // 104 with its header
    HeapBytes all;
    all.add_row(row, 1);
    BOOST_TEST(all.in_file() == 16384U);
    all.add_row(row, 10);
    BOOST_TEST(all.in_file() == 16384U + 65536 + 65536);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace pal::h5
