// Chunks found on demand equal those that are held, and come in order.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <stdexcept>

#include "stages/assign.hpp"
#include "stages/pack.hpp"
#include "stages/tensor/error.hpp"
#include "stages/weights/slab.hpp"
#include "tests/support/threads.hpp"

using namespace pal;

namespace {

/// A chunk whose bytes are its number; counts how many are read at a time.
class NumberedChunks : public ChunkSource {
  public:
    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        if (number == fails_at) throw Error(ErrorCode::kInput, "chunk cannot be read");
        scratch.assign(3, static_cast<std::uint8_t>(number));
        ++reads;
        return scratch;
    }
    [[nodiscard]] bool worth_threads() const noexcept override { return shared; }

    bool shared = true;
    std::size_t fails_at = 1000;
    mutable std::atomic<int> reads{0};
};

std::shared_ptr<NumberedChunks> numbered(bool worth_threads) {
    auto source = std::make_shared<NumberedChunks>();
    source->shared = worth_threads;
    return source;
}

/// Largest number of 200 chunks that are read and not yet consumed, with two threads.
int most_unconsumed(const std::shared_ptr<NumberedChunks>& source) {
    PalettizedTensor tensor;
    tensor.chunks = PackedChunks(source, 200);
    int most = 0;
    pal::test::with_threads(2, [&] {
        int consumed = 0;
        for_each_chunk_in_order(tensor, [&](std::size_t, std::span<const std::uint8_t>) {
            most = std::max(most, source->reads - consumed);
            ++consumed;
        });
    });
    return most;
}

PalettizedTensor tensor_of(const Shape& shape, std::uint64_t cluster_dim, std::size_t axis = 0) {
    PalettizationSpec spec;
    spec.cluster_dim = cluster_dim;
    PalettizedTensor tensor;
    tensor.geometry = std::get<Geometry>(make_geometry(shape, {axis, axis}, spec, false));
    for (std::size_t v = 0; v < tensor.lut_stride(); ++v) {
        tensor.lut.push_back(static_cast<double>(v / cluster_dim) - 7.5);
    }
    return tensor;
}

std::vector<float> random_weights(std::size_t count) {
    std::mt19937 random(5);
    std::vector<float> weights(count);
    for (float& weight : weights) {
        weight = static_cast<float>(random() % 1000000) / 60000.0F - 8.0F;
    }
    return weights;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chunks)

BOOST_AUTO_TEST_CASE(chunks_are_consumed_in_order_by_any_number_of_threads) {
    for (const std::size_t threads : {1, 2, 4}) {
        PalettizedTensor tensor;
        tensor.chunks = PackedChunks(std::make_shared<NumberedChunks>(), 200);
        std::vector<std::size_t> seen;
        bool right_bytes = true;
        pal::test::with_threads(threads, [&] {
            for_each_chunk_in_order(tensor, [&](std::size_t c, std::span<const std::uint8_t> b) {
                seen.push_back(c);
                right_bytes = right_bytes && b.size() == 3 && b[0] == c && b[2] == c;
            });
        });
        BOOST_TEST(seen.size() == 200U);
        BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
        BOOST_TEST(right_bytes);
    }
}

BOOST_AUTO_TEST_CASE(no_more_than_two_chunks_a_thread_are_in_memory) {
    BOOST_TEST(most_unconsumed(numbered(true)) <= 4);
}

BOOST_AUTO_TEST_CASE(chunks_not_worth_threads_are_read_one_at_a_time) {
    BOOST_TEST(most_unconsumed(numbered(false)) == 1);
}

BOOST_AUTO_TEST_CASE(joined_chunks_are_worth_threads_where_those_of_a_slab_are) {
    const Geometry whole = tensor_of({2048, 1024}, 1).geometry;
    const auto of_slabs = [&](bool first, bool second) {
        PalettizedTensor one;
        PalettizedTensor other;
        one.chunks = PackedChunks(numbered(first), 1);
        other.chunks = PackedChunks(numbered(second), 1);
        return joined({one, other}, whole).chunks;
    };
    BOOST_TEST(of_slabs(false, true).worth_threads());
    BOOST_TEST(!of_slabs(false, false).worth_threads());
    BOOST_TEST(!PackedChunks({{1}, {2}}).worth_threads());
}

BOOST_AUTO_TEST_CASE(a_chunk_that_cannot_be_read_ends_the_walk) {
    const auto source = std::make_shared<NumberedChunks>();
    source->fails_at = 50;
    PalettizedTensor tensor;
    tensor.chunks = PackedChunks(source, 200);
    std::size_t last = 0;
    const auto walk = [&] {
        for_each_chunk_in_order(tensor,
                                [&](std::size_t c, std::span<const std::uint8_t>) { last = c; });
    };
    BOOST_CHECK_THROW(walk(), Error);
    BOOST_TEST(last < 50U);
}

BOOST_AUTO_TEST_CASE(assigning_later_finds_the_same_chunks_and_the_same_error) {
    for (const std::uint64_t dim : {1, 2}) {
        PalettizedTensor held = tensor_of({1300, 2000}, dim);
        const PalettizedTensor empty = held;
        const Weights weights(random_weights(held.geometry.weight_count));
        const ErrorReport error = assign({weights, held.geometry, held.dtype, {}}, {}, held);
        const auto later = assign_later(weights, {}, empty);
        BOOST_TEST(held.chunks.size() == 3U - dim / 2);
        ChunkBytes first;
        ChunkBytes second;
        for (std::size_t c = held.chunks.size(); c-- > 0;) {
            const auto now = held.chunks.read(c, first);
            const auto then = later->read(c, second);
            BOOST_TEST(std::equal(now.begin(), now.end(), then.begin(), then.end()));
        }
        const ErrorReport same = later->error(PackedChunks(later, held.chunks.size()));
        BOOST_TEST(same.mse == error.mse);
        BOOST_TEST(same.sqnr_db == error.sqnr_db);
        BOOST_TEST(same.max_abs_error == error.max_abs_error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
