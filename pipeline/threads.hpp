// How many threads a run may use.
#pragma once

#include <cstddef>

namespace pal {

/// The least of: the CPUs this process may run on, the cgroup's CPU quota (rounded up),
/// SLURM_CPUS_PER_TASK. At least 1.
[[nodiscard]] std::size_t available_threads();

}  // namespace pal
