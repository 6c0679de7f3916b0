#include "pipeline/machine/threads.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

#include "pipeline/machine/cgroup.hpp"
#include "pipeline/machine/slurm.hpp"

namespace pal {

namespace {

std::size_t affinity_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
    return static_cast<std::size_t>(CPU_COUNT(&set));
}

}  // namespace

std::size_t available_threads() {
    std::size_t threads = std::max<std::size_t>(1, affinity_threads());
    // oneTBB looks at the affinity only; containers limit by quota.
    for (const std::size_t limit :
         {cgroup_cpus().value_or(0), cpus_from_slurm(own_environment()).value_or(0)}) {
        if (limit > 0) threads = std::min(threads, limit);
    }
    return threads;
}

}  // namespace pal
