// Parallel loops as the stages use them: over fixed blocks that depend on sizes only, isolated so
// that a waiting thread never picks up another tensor's work.
#pragma once

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

#include "stages/happens_before.hpp"
#include "stages/work_meter.hpp"

namespace pal {

inline constexpr std::size_t kBlock =
    1 << 16;  // values: a block fits the L2 cache with room to spare

/// body(i) for i in 0 .. count - 1, begun in ascending order: all threads work in one place of a
/// tensor, so that a chunk of it is decoded once.
template <class Body>
void for_each_task(std::size_t count, const Body& body) {
    if (count == 1) return body(0);
    HappensBefore spawned;
    HappensBefore done;
    WorkMeter* const meter = current_meter();
    std::atomic<std::size_t> next{0};
    const auto work = [&](std::size_t) {
        spawned.acquire();
        const MeteredHelp help(meter);
        try {
            for (std::size_t i = next++; i < count; i = next++) body(i);
        } catch (...) {
            next = count;  // the others need not go on
            throw;
        }
        done.release();
    };
    spawned.release();
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(std::size_t{0}, std::min(count, threads), work,
                          tbb::simple_partitioner());
    });
    done.acquire();
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
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    // What is under way is a run of at most so many numbers, since the last filter is in order.
    std::vector<Slot> slots(std::min(count, 2 * threads));
    HappensBefore handed_over;
    handed_over.release();
    std::size_t next = 0;
    const auto number = [&](tbb::flow_control& control) {
        handed_over.acquire();
        if (next == count) control.stop();
        const std::size_t i = next++;
        handed_over.release();
        return i;
    };
    WorkMeter* const meter = current_meter();
    const auto fill = [&](std::size_t i) {
        handed_over.acquire();
        const MeteredHelp help(meter);
        produce(i, slots[i % slots.size()]);
        handed_over.release();
        return i;
    };
    const auto empty = [&](std::size_t i) {
        handed_over.acquire();
        const MeteredHelp help(meter);
        consume(i, slots[i % slots.size()]);
        handed_over.release();
    };
    using tbb::filter_mode;
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_pipeline(
            slots.size(),
            tbb::make_filter<void, std::size_t>(filter_mode::serial_in_order, number) &
                tbb::make_filter<std::size_t, std::size_t>(filter_mode::parallel, fill) &
                tbb::make_filter<std::size_t, void>(filter_mode::serial_in_order, empty));
    });
    handed_over.acquire();
}

/// Both, side by side where a thread is free. Not isolated: call it inside isolated().
template <class Left, class Right>
void both(const Left& left, const Right& right) {
    HappensBefore spawned;
    HappensBefore done;
    WorkMeter* const meter = current_meter();
    const auto marked = [&](const auto& body) {
        return [&] {
            spawned.acquire();
            const MeteredHelp help(meter);
            body();
            done.release();
        };
    };
    spawned.release();
    tbb::parallel_invoke(marked(left), marked(right));
    done.acquire();
}

/// body(), during which this thread picks up no work from outside.
template <class Body>
void isolated(const Body& body) {
    tbb::this_task_arena::isolate(body);
}

}  // namespace pal
