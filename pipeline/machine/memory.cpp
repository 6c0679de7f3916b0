#include "pipeline/machine/memory.hpp"

#include <unistd.h>

#include <algorithm>

#include "pipeline/machine/cgroup.hpp"

namespace pal {

std::uint64_t usable_memory_bytes() {
    const auto physical = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                          static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return std::min(cgroup_memory_bytes().value_or(physical), physical);
}

}  // namespace pal
