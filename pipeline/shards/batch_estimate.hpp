// How a plan is best cut into the tasks of an array job, and what to ask of the scheduler for each.
#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// What is assumed of a cluster; docs/cluster.md says the same to users.
inline constexpr double kReadBytesASecond = 0.5e9;  // a task's, from the file system
inline constexpr double kWrittenBytesASecond = 0.25e9;
inline constexpr double kThreadEfficiency = 0.8;       // of each CPU of a task
inline constexpr double kStartSeconds = 5;             // of a task, with scan and plan
inline constexpr double kTimeSafety = 2;               // of --time over what is expected
inline constexpr double kSecondsBeforeTheLimit = 180;  // the signal comes 2 minutes before it
inline constexpr double kMemorySafety = 1.5;           // of --mem over what is expected
inline constexpr std::uint64_t kMostTasks = 1000;      // that are suggested: MaxArraySize is 1001
inline constexpr std::uint64_t kProgramBytes = std::uint64_t{64} << 20;  // beside --memory

struct BatchWish {
    std::optional<std::uint64_t> tasks;  // as many; without it as `minutes` asks for
    double minutes = 10;                 // that a task may take
    std::uint64_t cpus_per_task = 8;
};

/// What there is to do, whoever does it.
struct BatchWork {
    std::uint64_t tensors = 0;        // palettized
    double cpu_seconds = 0;           // of one CPU, for all (pipeline/plan/cost)
    std::uint64_t bytes_read = 0;     // of what is palettized, as stored
    std::uint64_t bytes_written = 0;  // for it
    std::uint64_t bytes_copied = 0;   // all the rest, by the merge
};

struct BatchEstimate {
    BatchWork work;
    std::uint64_t tasks = 1;
    double task_seconds = 0;          // that the longest is expected to take
    double merge_seconds = 0;         // and the merge
    std::uint64_t limit_minutes = 0;  // --time: for the longer one, with kTimeSafety
    std::uint64_t budget_bytes = 0;   // --memory: as many of the largest tensors as there are CPUs
    std::uint64_t job_mebibytes = 0;  // --mem: for that and the program, with kMemorySafety
};

[[nodiscard]] BatchWork batch_work(const Plan& plan, const CheckpointInfo& info);

/// `plan` made for as much memory as a node may give. budget_bytes: the --memory that was given.
/// The result depends on the arguments alone. wish.tasks, .cpus_per_task >= 1, .minutes >= 1. Takes
/// as long as balanced_parts.
[[nodiscard]] BatchEstimate estimate_batch(const Plan& plan, const CheckpointInfo& info,
                                           const BatchWish& wish,
                                           std::optional<std::uint64_t> budget_bytes);

}  // namespace pal
