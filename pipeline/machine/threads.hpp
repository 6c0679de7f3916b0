// How many threads a run may use.
#pragma once

#include <cstddef>

namespace pal {

/// The least of: the CPUs this process may run on, the cgroup's CPU quota (rounded up),
/// SLURM_CPUS_PER_TASK, where it is set. At least 1. Throws Error(kUsage) where that is no number.
[[nodiscard]] std::size_t available_threads();

}  // namespace pal
