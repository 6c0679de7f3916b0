#include "pipeline/machine/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "pipeline/machine/slurm.hpp"

namespace pal {

namespace {

std::size_t affinity_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
    return static_cast<std::size_t>(CPU_COUNT(&set));
}

/// Converts a quota and a period in microseconds to CPUs. 0: there is no limit.
std::size_t quota_threads(double quota, double period) {
    if (!(quota > 0) || !(period > 0)) return 0;
    return static_cast<std::size_t>(std::ceil(quota / period));
}

/// Returns the CPU quota of the cgroup; 0: none. Containers limit by quota, while oneTBB respects
/// the affinity only.
std::size_t cgroup_threads() {
    double quota = 0;
    double period = 0;
    if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file >> quota >> period) {
        return quota_threads(quota, period);
    }
    std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (quota_file >> quota && period_file >> period) return quota_threads(quota, period);
    return 0;
}

}  // namespace

std::size_t available_threads() {
    std::size_t threads = std::max<std::size_t>(1, affinity_threads());
    for (const std::size_t limit :
         {cgroup_threads(), cpus_from_slurm(own_environment()).value_or(0)}) {
        if (limit > 0) threads = std::min(threads, limit);
    }
    return threads;
}

}  // namespace pal
