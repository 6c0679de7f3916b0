// Estimates how many tasks an array job should have for a plan, and what each needs.
#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/plan/plan.hpp"

namespace pal {

// Assumptions about a cluster; docs/cluster.md has the same numbers.
inline constexpr double kReadBytesASecond = 0.5e9;  // per task, from the file system
inline constexpr double kWrittenBytesASecond = 0.25e9;
inline constexpr double kThreadEfficiency = 0.8;       // per CPU of a task
inline constexpr double kStartSeconds = 5;             // per task, with scan and plan
inline constexpr double kTimeSafety = 2;               // factor of --time over the estimate
inline constexpr double kSecondsBeforeTheLimit = 180;  // the signal comes 2 minutes before it
inline constexpr double kMemorySafety = 1.5;           // factor of --mem over the estimate
inline constexpr std::uint64_t kMostTasks = 1000;      // suggested at most: MaxArraySize is 1001
inline constexpr std::uint64_t kProgramBytes = std::uint64_t{64} << 20;  // memory beside --memory

/// Wishes of the user.
struct BatchWish {
    std::optional<std::uint64_t> tasks;  // their number; nothing: as `minutes` asks for
    double minutes = 10;                 // most that a task may take
    std::uint64_t cpus_per_task = 8;
};

/// Amount of work of a plan.
struct BatchWork {
    std::uint64_t tensors = 0;        // palettized
    double cpu_seconds = 0;           // seconds of one CPU (pipeline/plan/cost)
    std::uint64_t bytes_read = 0;     // of palettized tensors, as stored in the input
    std::uint64_t bytes_written = 0;  // of palettized tensors, as stored in the output
    std::uint64_t bytes_copied = 0;   // of all other datasets, by the merge
};

struct BatchEstimate {
    BatchWork work;
    std::uint64_t tasks = 1;
    double task_seconds = 0;          // estimate for the longest task
    double merge_seconds = 0;         // estimate for the merge
    std::uint64_t limit_minutes = 0;  // --time: for the longer of both, with kTimeSafety
    std::uint64_t budget_bytes = 0;   // --memory: one of the largest tensors per CPU
    std::uint64_t job_mebibytes = 0;  // --mem: budget and program, with kMemorySafety
};

/// Adds up the work of a plan.
[[nodiscard]] BatchWork batch_work(const Plan& plan, const CheckpointInfo& info);

/// Estimates tasks, times and memory. The result depends on the arguments alone.
///
/// plan          made for as much memory as a node may give
/// wish          tasks, cpus_per_task and minutes are at least 1
/// budget_bytes  --memory, if it was given
///
/// Takes as long as balanced_parts.
[[nodiscard]] BatchEstimate estimate_batch(const Plan& plan, const CheckpointInfo& info,
                                           const BatchWish& wish,
                                           std::optional<std::uint64_t> budget_bytes);

}  // namespace pal
