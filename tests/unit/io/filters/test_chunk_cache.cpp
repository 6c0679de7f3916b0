// A chunk is decoded once while it is kept, and by one thread.
#include <boost/test/unit_test.hpp>
#include <map>
#include <mutex>
#include <string>

#include "io/filters/chunk_cache.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/error.hpp"

using pal::ChunkCache;

namespace {

/// Chunks of 4 bytes that hold the chunk's number. Counts how often each was decoded.
class Numbered {
  public:
    explicit Numbered(std::size_t kept)
        : cache(4, 4 * kept, [this](std::size_t number, std::span<std::byte> chunk) {
              std::ranges::fill(chunk, static_cast<std::byte>(number));
              const std::lock_guard<std::mutex> guard(lock_);
              ++times[number];
          }) {}

    /// Checks the chunks of these numbers.
    bool get(const std::vector<std::size_t>& numbers) {
        const auto chunks = cache.get(numbers);
        bool right = chunks.size() == numbers.size();
        for (std::size_t c = 0; right && c < numbers.size(); ++c) {
            right = chunks[c]->bytes()[3] == static_cast<std::byte>(numbers[c]);
        }
        return right;
    }

    std::map<std::size_t, int> times;
    ChunkCache cache;

  private:
    std::mutex lock_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_chunk_that_is_kept_is_not_decoded_again) {
    Numbered chunks(3);
    BOOST_TEST(chunks.get({1, 2, 3}));
    BOOST_TEST(chunks.get({1, 2}));
    BOOST_TEST(chunks.get({4}));  // in place of 3, which was used longest ago
    BOOST_TEST(chunks.get({1, 2, 4}));
    BOOST_TEST(chunks.get({3}));
    BOOST_TEST((chunks.times == std::map<std::size_t, int>{{1, 1}, {2, 1}, {3, 2}, {4, 1}}));
}

BOOST_AUTO_TEST_CASE(more_chunks_than_are_kept_can_be_held_at_a_time) {
    Numbered chunks(1);
    BOOST_TEST(chunks.get({5, 6, 7, 8}));
    BOOST_TEST(chunks.get({8}));
    BOOST_TEST((chunks.times == std::map<std::size_t, int>{{5, 1}, {6, 1}, {7, 1}, {8, 1}}));
}

BOOST_AUTO_TEST_CASE(threads_that_ask_for_the_same_chunks_decode_each_once) {
    Numbered chunks(64);
    std::atomic<int> wrong{0};
    pal::for_each_task(200, [&](std::size_t i) {
        if (!chunks.get({i / 10, i / 10 + 1, 40})) ++wrong;
    });
    BOOST_TEST(wrong == 0);
    for (const auto& [number, times] : chunks.times) BOOST_TEST(times == 1, number);
}

BOOST_AUTO_TEST_CASE(what_decoding_throws_reaches_whoever_asks) {
    ChunkCache cache(4, 4, [](std::size_t number, std::span<std::byte>) {
        if (number == 2) throw pal::Error(pal::ErrorCode::kInput, "damaged");
    });
    const std::vector<std::size_t> damaged = {1, 2};
    for (int again = 0; again < 2; ++again) BOOST_CHECK_THROW((void)cache.get(damaged), pal::Error);
    const std::vector<std::size_t> other = {1, 3};
    BOOST_TEST(cache.get(other).size() == 2U);
}
