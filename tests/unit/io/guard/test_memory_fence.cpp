// A fence bounds what may be allocated while a damaged file is read.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>
#include <new>

#include "io/guard/memory_fence.hpp"
#include "io/guard/sanitized.hpp"
#include "io/read/plausible.hpp"

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

boost::test_tools::assertion_result bounded(boost::unit_test::test_unit_id) {
    return !pal::kSanitized;
}

bool can_allocate(std::size_t bytes) {
    const std::unique_ptr<void, decltype(&std::free)> memory(std::malloc(bytes), &std::free);
    return memory != nullptr;
}

}  // namespace

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(bounded))
BOOST_AUTO_TEST_CASE(a_fence_bounds_memory_while_it_lives) {
    rlimit before{};
    getrlimit(RLIMIT_AS, &before);
    {
        const pal::MemoryFence fence(256 * kMiB);
        BOOST_TEST(can_allocate(128 * kMiB));
        BOOST_TEST(!can_allocate(512 * kMiB));
    }
    BOOST_TEST(can_allocate(512 * kMiB));
    rlimit after{};
    getrlimit(RLIMIT_AS, &after);
    BOOST_TEST(after.rlim_cur == before.rlim_cur);
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(bounded))
BOOST_AUTO_TEST_CASE(what_asks_for_more_is_a_damaged_file) {
    const auto ask = [] {
        pal::with_memory_fence(256 * kMiB, [] {
            void* volatile asked = ::operator new(8192 * kMiB);  // volatile: it must be asked for
            ::operator delete(asked);
        });
    };
    BOOST_CHECK_EXCEPTION(ask(), pal::Error, [](const pal::Error& error) {
        return error.code() == pal::ErrorCode::kInput;
    });
}

BOOST_AUTO_TEST_CASE(bounds_do_not_wrap_around) {
    constexpr std::uint64_t kLargest = ~std::uint64_t{0};
    BOOST_TEST(pal::most_expanded_bytes(kLargest) == kLargest);
    BOOST_TEST(pal::most_library_bytes(kLargest) == kLargest);
    BOOST_TEST(pal::most_expanded_bytes(10) >= 10320U);
    pal::DatasetInfo info;
    info.bytes = kLargest;
    info.chunk_bytes = kLargest;
    info.storage = "chunked gzip";
    BOOST_TEST(pal::implausible_chunks(info, kLargest).empty());
    BOOST_TEST(!pal::implausible_chunks(info, 1000).empty());
}
