// Parallel loops of the stages. Blocks depend on sizes only. Loops are isolated: a waiting thread
// never picks up another tensor's work. An exception of a body reaches the caller. Only
// parallel.cpp sees oneTBB, which runs the loops. Bodies are called through a reference, which
// costs little beside a block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace pal {

/// Values of a block: it fits the L2 cache with room to spare.
inline constexpr std::size_t kBlock = 1 << 16;

/// Number of threads that may work on a loop of this thread, itself included.
[[nodiscard]] std::size_t thread_count();

namespace detail {

void run_tasks(std::size_t count, const std::function<void(std::size_t)>& body);
void run_in_order(std::size_t count, std::size_t slot_count,
                  const std::function<void(std::size_t)>& produce,
                  const std::function<void(std::size_t)>& consume);
void run_both(const std::function<void()>& left, const std::function<void()>& right);
void isolate(const std::function<void()>& body);

}  // namespace detail

/// Calls body(i) for i in 0 .. count - 1 in parallel, begun in ascending order. All threads thus
/// work in one place of a tensor, so that each of its chunks is decoded once.
template <class Body>
void for_each_task(std::size_t count, const Body& body) {
    if (count == 1) return body(0);
    detail::run_tasks(count, std::cref(body));
}

/// Calls body(block number, begin, end) in parallel for blocks of at most kBlock of `count`
/// elements.
template <class Body>
void for_each_block(std::size_t count, const Body& body) {
    for_each_task((count + kBlock - 1) / kBlock, [&](std::size_t block) {
        body(block, block * kBlock, std::min(count, (block + 1) * kBlock));
    });
}

/// Calls produce(i, slot) for i in 0 .. count - 1 in parallel. Calls consume(i, slot), with the
/// slot of produce, one at a time in ascending order. Slots are reused: there are at most two per
/// thread.
template <class Slot, class Produce, class Consume>
void for_each_in_order(std::size_t count, const Produce& produce, const Consume& consume) {
    // Numbers are consumed in order, so those under way are a run of at most slots.size(): no two
    // share a slot.
    std::vector<Slot> slots(std::min(count, 2 * thread_count()));
    const auto produce_in_slot = [&](std::size_t i) { produce(i, slots[i % slots.size()]); };
    const auto consume_slot = [&](std::size_t i) { consume(i, slots[i % slots.size()]); };
    detail::run_in_order(count, slots.size(), std::cref(produce_in_slot), std::cref(consume_slot));
}

/// Calls left() and right(), in parallel if a thread is free. Not isolated: call it inside
/// isolated().
template <class Left, class Right>
void both(const Left& left, const Right& right) {
    detail::run_both(std::cref(left), std::cref(right));
}

/// Calls body(). Meanwhile this thread picks up no work from outside.
template <class Body>
void isolated(const Body& body) {
    detail::isolate(std::cref(body));
}

}  // namespace pal
