// What Slurm says of the job that this process runs in, in environment variables.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "pipeline/shards/shards.hpp"

namespace pal {

/// The value of a variable, null where it is not set; own_environment: this process's.
using Environment = std::function<const char*(const char* name)>;
[[nodiscard]] Environment own_environment();

/// SLURM_CPUS_PER_TASK; nothing where it is not set, which is so outside of Slurm and where a job
/// asks for no CPUs a task. Throws Error(kUsage) where it is no whole number from 1.
[[nodiscard]] std::optional<std::size_t> cpus_from_slurm(const Environment& environment);

/// The part of this task of an array job: tasks in the order of their ids, from
/// SLURM_ARRAY_TASK_MIN in steps of SLURM_ARRAY_TASK_STEP. Nothing outside of an array job. Throws
/// Error(kUsage) where the variables do not say it: one is missing or no number, or the ids
/// (--array=1,2,5) are in no even steps. Slurm counts the tasks of the submission: where one task
/// is submitted again alone, it is all of them. So nobody asks for this unless told to.
[[nodiscard]] std::optional<ShardChoice> shard_from_slurm(const Environment& environment);

}  // namespace pal
