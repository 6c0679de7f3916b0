// Prefetching of memory.
#pragma once

#include <algorithm>
#include <cstddef>

namespace pal::kernels {

/// Prefetches the lines 4 KiB ahead, for a loop that walks over `values` in steps of `count`. The
/// processor's own prefetching ends at each page, as the next one may be anywhere. Lines behind the
/// array's end, even unmapped ones, do no harm.
template <class Value>
void prefetch_ahead(const Value* values, std::size_t count) noexcept {
    constexpr std::size_t kAhead = 4096 / sizeof(Value);
    constexpr std::size_t kLine = 64 / sizeof(Value);
    for (std::size_t v = 0; v < count; v += kLine) __builtin_prefetch(values + v + kAhead);
}

/// Calls body(begin, end) for runs of values from 0 to `count`, each prefetched ahead.
template <class Value, class Body>
void for_each_prefetched(const Value* values, std::size_t count, const Body& body) {
    constexpr std::size_t kRun = 512 / sizeof(Value);
    for (std::size_t begin = 0; begin < count; begin += kRun) {
        const std::size_t end = std::min(count, begin + kRun);
        prefetch_ahead(values + begin, end - begin);
        body(begin, end);
    }
}

}  // namespace pal::kernels
