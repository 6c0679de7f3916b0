// Limits that the cgroup of this process sets: containers and Slurm limit by them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pal {

// Both read the files of cgroup v2, else those of v1; nullopt: there is no limit.

/// CPUs that the quota comes to, rounded up; at least 1.
[[nodiscard]] std::optional<std::size_t> cgroup_cpus();
[[nodiscard]] std::optional<std::uint64_t> cgroup_memory_bytes();

}  // namespace pal
