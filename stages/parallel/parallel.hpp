// Parallel loops as the stages use them: over fixed blocks that depend on sizes only, isolated so
// that a waiting thread never picks up another tensor's work. oneTBB, which runs them, is seen by
// parallel.cpp alone: what includes this file compiles without it. A body is called by reference,
// which costs nothing beside the block that it works on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace pal {

inline constexpr std::size_t kBlock =
    1 << 16;  // values: a block fits the L2 cache with room to spare

/// How many threads may work on a loop that this thread begins, itself included.
[[nodiscard]] std::size_t thread_count();

namespace detail {

void run_tasks(std::size_t count, const std::function<void(std::size_t)>& body);
void run_in_order(std::size_t count, std::size_t slot_count,
                  const std::function<void(std::size_t)>& produce,
                  const std::function<void(std::size_t)>& consume);
void run_both(const std::function<void()>& left, const std::function<void()>& right);
void isolate(const std::function<void()>& body);

}  // namespace detail

/// body(i) for i in 0 .. count - 1, begun in ascending order: all threads work in one place of a
/// tensor, so that a chunk of it is decoded once.
template <class Body>
void for_each_task(std::size_t count, const Body& body) {
    if (count == 1) return body(0);
    detail::run_tasks(count, std::cref(body));
}

/// body(block number, begin, end) for each block of at most kBlock of `count` elements.
template <class Body>
void for_each_block(std::size_t count, const Body& body) {
    for_each_task((count + kBlock - 1) / kBlock, [&](std::size_t block) {
        body(block, block * kBlock, std::min(count, (block + 1) * kBlock));
    });
}

/// produce(i, slot) for i in 0 .. count - 1 side by side, and consume(i, slot) of the same slot one
/// at a time in ascending order. There are two slots a thread, which are used again and again.
template <class Slot, class Produce, class Consume>
void for_each_in_order(std::size_t count, const Produce& produce, const Consume& consume) {
    // What is under way is a run of at most so many numbers, since they are consumed in order.
    std::vector<Slot> slots(std::min(count, 2 * thread_count()));
    const auto produce_in_slot = [&](std::size_t i) { produce(i, slots[i % slots.size()]); };
    const auto consume_slot = [&](std::size_t i) { consume(i, slots[i % slots.size()]); };
    detail::run_in_order(count, slots.size(), std::cref(produce_in_slot), std::cref(consume_slot));
}

/// Both, side by side where a thread is free. Not isolated: call it inside isolated().
template <class Left, class Right>
void both(const Left& left, const Right& right) {
    detail::run_both(std::cref(left), std::cref(right));
}

/// body(), during which this thread picks up no work from outside.
template <class Body>
void isolated(const Body& body) {
    detail::isolate(std::cref(body));
}

}  // namespace pal
