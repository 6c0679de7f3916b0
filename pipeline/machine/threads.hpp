// Number of threads that a run may use.
#pragma once

#include <cstddef>

namespace pal {

/// Returns the least of: the CPUs that this process may run on, the CPU quota of its cgroup
/// (rounded up), and SLURM_CPUS_PER_TASK if it is set; at least 1. Throws Error(kUsage) if that
/// variable is no number.
[[nodiscard]] std::size_t available_threads();

}  // namespace pal
