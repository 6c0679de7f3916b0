#include "pipeline/machine/cgroup.hpp"

#include <cmath>
#include <fstream>

namespace pal {

namespace {

/// The quota of each period, both in microseconds.
std::optional<std::size_t> cpus_of(double quota, double period) {
    if (!(quota > 0) || !(period > 0)) return std::nullopt;
    return static_cast<std::size_t>(std::ceil(quota / period));
}

}  // namespace

std::optional<std::size_t> cgroup_cpus() {
    double quota = 0;
    double period = 0;
    if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> quota >> period)
        return cpus_of(quota, period);
    std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (quota_file >> quota && period_file >> period) return cpus_of(quota, period);
    return std::nullopt;
}

std::optional<std::uint64_t> cgroup_memory_bytes() {
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::uint64_t limit = 0;
        if (std::ifstream file(path); file >> limit && limit > 0) return limit;
    }
    return std::nullopt;
}

}  // namespace pal
