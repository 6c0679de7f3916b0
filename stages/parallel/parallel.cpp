#include "stages/parallel/parallel.hpp"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>

#include "stages/parallel/happens_before.hpp"
#include "stages/parallel/work_meter.hpp"

namespace pal {
namespace detail {

void run_tasks(std::size_t count, const std::function<void(std::size_t)>& body) {
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
            next = count;  // stops the other threads
            throw;
        }
        done.release();
    };
    spawned.release();
    isolate([&] {
        tbb::parallel_for(std::size_t{0}, std::min(count, thread_count()), work,
                          tbb::simple_partitioner());
    });
    done.acquire();
}

void run_in_order(std::size_t count, std::size_t slot_count,
                  const std::function<void(std::size_t)>& produce,
                  const std::function<void(std::size_t)>& consume) {
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
        produce(i);
        handed_over.release();
        return i;
    };
    const auto empty = [&](std::size_t i) {
        handed_over.acquire();
        const MeteredHelp help(meter);
        consume(i);
        handed_over.release();
    };
    using tbb::filter_mode;
    isolate([&] {
        tbb::parallel_pipeline(
            slot_count,
            tbb::make_filter<void, std::size_t>(filter_mode::serial_in_order, number) &
                tbb::make_filter<std::size_t, std::size_t>(filter_mode::parallel, fill) &
                tbb::make_filter<std::size_t, void>(filter_mode::serial_in_order, empty));
    });
    handed_over.acquire();
}

void run_both(const std::function<void()>& left, const std::function<void()>& right) {
    HappensBefore spawned;
    HappensBefore done;
    WorkMeter* const meter = current_meter();
    const auto marked = [&](const std::function<void()>& body) {
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

void isolate(const std::function<void()>& body) { tbb::this_task_arena::isolate(body); }

}  // namespace detail

std::size_t thread_count() {
    return static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
}

}  // namespace pal
