// Slurm's environment variables of the job that this process runs in.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

namespace pal {

/// Returns the value of a variable, or null if it is not set.
using Environment = std::function<const char*(const char* name)>;
/// The environment of this process.
[[nodiscard]] Environment own_environment();

/// SLURM_CPUS_PER_TASK. Returns nothing if it is not set: outside of Slurm, or in a job that asks
/// for no CPUs per task. Throws Error(kUsage) unless it is a whole number from 1.
[[nodiscard]] std::optional<std::size_t> cpus_from_slurm(const Environment& environment);

/// Task `number` (from 0) of `count` tasks of an array job.
struct ArrayTask {
    std::size_t number = 0;
    std::size_t count = 1;
};

/// The array task that this process is; nothing outside of an array job. Tasks are numbered in the
/// order of their ids, from SLURM_ARRAY_TASK_MIN in steps of SLURM_ARRAY_TASK_STEP.
///
/// Throws Error(kUsage) if a variable is missing or no number, or if the ids have no even steps
/// (--array=1,2,5).
///
/// Slurm counts the tasks of one submission. A task that is submitted again alone is task 0 of 1.
/// Therefore the program asks for this only with --shard slurm.
[[nodiscard]] std::optional<ArrayTask> array_task_from_slurm(const Environment& environment);

}  // namespace pal
