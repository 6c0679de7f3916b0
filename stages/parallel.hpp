// Parallel loops as the stages use them: over fixed blocks that depend on sizes only, isolated so
// that a waiting thread never picks up another tensor's work.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstddef>

namespace pal {

inline constexpr std::size_t kBlock =
    1 << 16;  // values: a block fits the L2 cache with room to spare

/// body(block number, begin, end) for each block of at most kBlock of `count` elements.
template <class Body>
void for_each_block(std::size_t count, const Body& body) {
    const std::size_t blocks = (count + kBlock - 1) / kBlock;
    const auto one = [&](std::size_t block) {
        body(block, block * kBlock, std::min(count, (block + 1) * kBlock));
    };
    if (blocks <= 1) {
        if (blocks == 1) one(0);
        return;
    }
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t{0}, blocks, one); });
}

/// body(i) for i in 0 .. count - 1.
template <class Body>
void for_each_task(std::size_t count, const Body& body) {
    if (count == 1) return body(0);
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t{0}, count, body); });
}

}  // namespace pal
