// Runs a test with a given number of threads.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <cstddef>

namespace pal::test {

/// Returns body(), run in an arena of `threads` threads, even on a machine with fewer cores.
template <class Body>
auto with_threads(std::size_t threads, const Body& body) {
    const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                            threads);
    oneapi::tbb::task_arena arena(static_cast<int>(threads));
    return arena.execute(body);
}

}  // namespace pal::test
