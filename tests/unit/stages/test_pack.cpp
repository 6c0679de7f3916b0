#include <boost/test/unit_test.hpp>
#include <numeric>
#include <random>

#include "stages/pack.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/every_target.hpp"

using namespace pal;

BOOST_AUTO_TEST_SUITE(packing)

BOOST_AUTO_TEST_CASE(four_bits_are_nibbles_most_significant_first) {
    std::vector<std::uint8_t> values(16);
    std::iota(values.begin(), values.end(), 0);
    const std::vector<std::uint8_t> expected{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x00};
    BOOST_TEST(pack_chunk(values, values.size(), 4) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(unpacking_undoes_packing) {
    std::mt19937 random(7);
    for (const int n_bits : {1, 2, 3, 4, 6, 8}) {
        for (const std::size_t count : {0, 1, 7, 8, 9, 15, 16, 17, 1000}) {
            std::vector<std::uint8_t> values(count);
            for (auto& value : values)
                value = static_cast<std::uint8_t>(random() & ((1U << n_bits) - 1));
            const auto packed = pack_chunk(values, values.size(), n_bits);
            std::vector<std::uint8_t> back(count);
            unpack_bits(packed, n_bits, back);
            BOOST_TEST(back == values, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(bits_are_in_their_place_on_every_target) {
    std::mt19937 random(3);
    for (int n_bits = 1; n_bits <= 8; ++n_bits) {
        std::vector<std::uint8_t> values(8 * 41 + 5);
        for (auto& value : values)
            value = static_cast<std::uint8_t>(random() & ((1U << n_bits) - 1));
        test::for_each_target([&](const std::string& target) {
            const auto packed = pack_chunk(values, values.size(), n_bits);
            for (std::size_t bit = 0; bit < values.size() * std::size_t(n_bits); ++bit) {
                const int in_value = n_bits - 1 - int(bit % std::size_t(n_bits));
                const int expected = values[bit / std::size_t(n_bits)] >> in_value & 1;
                const int stored = packed[bit / 8] >> (7 - bit % 8) & 1;
                if (stored != expected) BOOST_TEST(stored == expected, target << ", bit " << bit);
            }
            std::vector<std::uint8_t> back(values.size());
            unpack_bits(packed, n_bits, back);
            BOOST_TEST(back == values, target);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_chunk_is_the_same_however_its_indices_come) {
    std::vector<std::uint8_t> values(1000);
    for (std::size_t v = 0; v < values.size(); ++v) values[v] = v * 7 % 8;
    for (const int n_bits : {3, 8}) {
        for (const std::size_t piece : {1, 3, 8, 13, 64, 999}) {
            ChunkPacker packer(1200, n_bits);
            for (std::size_t v = 0; v < values.size(); v += piece)
                packer.add(std::span(values).subspan(v, std::min(piece, values.size() - v)));
            BOOST_TEST(packer.take() == pack_chunk(values, 1200, n_bits));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_short_chunk_is_an_error) {
    std::vector<std::uint8_t> values(9);
    BOOST_CHECK_THROW(unpack_bits(std::vector<std::uint8_t>(4), 4, values), Error);
}

BOOST_AUTO_TEST_CASE(chunks_tile_the_indices_and_come_back) {
    for (const Shape& shape : {Shape{3, 5}, Shape{1100, 1030}, Shape{2, 3, 1100000}, Shape{1500000},
                               Shape{7, 1, 200, 900}}) {
        PalettizedTensor tensor;
        tensor.n_bits = 3;
        PalettizationSpec spec;
        tensor.geometry =
            std::get<Geometry>(make_geometry(shape, {0, shape.size() > 1 ? 1U : 0U}, spec, false));
        std::vector<std::uint8_t> indices(tensor.geometry.index_count);
        std::mt19937 random(11);
        for (auto& index : indices) index = random() & 7U;
        BOOST_TEST(ChunkGrid(tensor.geometry).chunk_values() <= std::size_t{1} << 20);
        tensor.chunks = pack_indices(indices, tensor.geometry, 3);
        BOOST_CHECK(unpack_indices(tensor) == indices);
    }
}

BOOST_AUTO_TEST_SUITE_END()
