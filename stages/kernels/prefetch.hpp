// Asking for memory before it is needed.
#pragma once

#include <cstddef>

namespace pal::kernels {

/// For a loop that walks over `values` in steps of `count`: asks for the lines 4 KiB ahead. What
/// processors ask for of themselves ends at each page, as the next one may be anywhere. Lines
/// behind the array's end, even unmapped ones, are asked for in vain, no more.
inline void prefetch_ahead(const float* values, std::size_t count) noexcept {
    constexpr std::size_t kAhead = 1024;
    constexpr std::size_t kLine = 16;
    for (std::size_t v = 0; v < count; v += kLine) __builtin_prefetch(values + v + kAhead);
}

}  // namespace pal::kernels
