#include "pipeline/shards/batch_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "pipeline/plan/cost.hpp"
#include "pipeline/shards/shards.hpp"

namespace pal {

namespace {

double seconds_to_read(std::uint64_t bytes) {
    return static_cast<double>(bytes) / kReadBytesASecond;
}

double seconds_to_write(std::uint64_t bytes) {
    return static_cast<double>(bytes) / kWrittenBytesASecond;
}

/// Seconds of one task for a share of the work, if reading, computing and writing do not overlap.
double seconds_of_share(const BatchWork& work, double share, std::uint64_t cpus) {
    return share * (work.cpu_seconds / (static_cast<double>(cpus) * kThreadEfficiency) +
                    seconds_to_read(work.bytes_read) + seconds_to_write(work.bytes_written));
}

/// Seconds of one CPU for each shard that has any work.
std::vector<double> seconds_of_parts(const Plan& plan, std::uint64_t parts) {
    std::vector<double> seconds;
    for (const std::vector<Piece>& pieces : balanced_parts(plan, parts)) {
        double sum = 0;
        for (const Piece& piece : pieces) sum += piece.seconds;
        if (!pieces.empty()) seconds.push_back(sum);
    }
    return seconds;
}

std::uint64_t tasks_for(const Plan& plan, const BatchWork& work, const BatchWish& wish) {
    const double all_seconds = seconds_of_share(work, 1, wish.cpus_per_task);
    const double wanted_seconds = wish.minutes * 60 - kStartSeconds;
    const double tasks =
        std::clamp(std::ceil(all_seconds / wanted_seconds), 1.0, static_cast<double>(kMostTasks));
    const auto parts = seconds_of_parts(plan, static_cast<std::uint64_t>(tasks));
    return std::max<std::uint64_t>(1, parts.size());
}

/// Share of the longest shard in all the work.
double largest_share(const Plan& plan, const BatchWork& work, std::uint64_t parts) {
    double largest = 0;
    for (const double seconds : seconds_of_parts(plan, parts)) largest = std::max(largest, seconds);
    return work.cpu_seconds > 0 ? largest / work.cpu_seconds : 0;
}

/// Memory of the largest tensors, one per CPU; at least 64 MiB, so that small ones do not wait.
std::uint64_t bytes_in_flight(const Plan& plan, std::uint64_t cpus) {
    constexpr std::uint64_t kLeast = std::uint64_t{64} << 20;
    std::vector<std::uint64_t> bytes;
    for (const PlanEntry* entry : plan.palettized()) bytes.push_back(entry->memory_bytes);
    std::sort(bytes.begin(), bytes.end(), std::greater<>());
    bytes.resize(std::min<std::size_t>(bytes.size(), cpus));
    std::uint64_t sum = 0;
    for (const std::uint64_t one : bytes) sum += one;
    return std::max(sum, kLeast);
}

std::uint64_t rounded_up(std::uint64_t number, std::uint64_t step) {
    return (number + step - 1) / step * step;
}

}  // namespace

BatchWork batch_work(const Plan& plan, const CheckpointInfo& info) {
    BatchWork work;
    for (const DatasetInfo& dataset : info.datasets) work.bytes_copied += dataset.bytes_in_file;
    for (const PlanEntry* entry : plan.palettized()) {
        work.tensors += 1;
        work.cpu_seconds += estimated_seconds(*entry);
        work.bytes_read += entry->dataset->bytes_in_file;
        work.bytes_written += entry->bytes_out;
        work.bytes_copied -= entry->dataset->bytes_in_file;
    }
    return work;
}

BatchEstimate estimate_batch(const Plan& plan, const CheckpointInfo& info, const BatchWish& wish,
                             std::optional<std::uint64_t> budget_bytes) {
    constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
    BatchEstimate estimate;
    BatchWork& work = estimate.work;
    work = batch_work(plan, info);
    estimate.tasks = wish.tasks ? *wish.tasks : tasks_for(plan, work, wish);
    estimate.task_seconds =
        kStartSeconds +
        seconds_of_share(work, largest_share(plan, work, estimate.tasks), wish.cpus_per_task);
    const std::uint64_t merged = work.bytes_written + work.bytes_copied;
    estimate.merge_seconds = kStartSeconds + seconds_to_read(merged) + seconds_to_write(merged);
    const double longer = std::max(estimate.task_seconds, estimate.merge_seconds);
    estimate.limit_minutes =
        static_cast<std::uint64_t>(std::ceil((kTimeSafety * longer + kSecondsBeforeTheLimit) / 60));
    estimate.budget_bytes =
        rounded_up(budget_bytes.value_or(bytes_in_flight(plan, wish.cpus_per_task)), kMebibyte);
    const double job_bytes =
        kMemorySafety * static_cast<double>(estimate.budget_bytes + kProgramBytes);
    estimate.job_mebibytes = rounded_up(static_cast<std::uint64_t>(job_bytes) / kMebibyte, 256);
    return estimate;
}

}  // namespace pal
