// How much memory a run may use.
#pragma once

#include <cstdint>

namespace pal {

/// The machine's memory or the cgroup's limit, whichever is less.
[[nodiscard]] std::uint64_t usable_memory_bytes();

}  // namespace pal
