#include "pipeline/profile/job_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_set>

#include "pipeline/console/printable.hpp"

namespace pal {

namespace {

RankProfile profile_of(const Recording& rank, double wall_seconds) {
    RankProfile result;
    result.host = rank.host;
    result.clock_error_ns = rank.clock_error_ns;
    std::unordered_set<const PlanEntry*> pieces;
    for (const Slice& slice : rank.slices) {
        if (slice.entry == nullptr || !pieces.insert(slice.entry).second) continue;
        const TensorTask& task = slice.entry->task;
        result.weight_bytes += task.geometry.weight_count * dtype_bytes(task.dtype);
    }
    result.pieces = pieces.size();
    result.profile = make_profile(
        rank.slices, wall_seconds - static_cast<double>(rank.start) * 1e-9, rank.threads);
    for (const StageProfile& stage : result.profile.stages) {
        result.busy_seconds += stage.busy_seconds;
        if (!stage.is_phase) result.stage_seconds += stage.busy_seconds;
    }
    return result;
}

StageRange range_of(std::string_view stage, const std::vector<RankProfile>& ranks) {
    StageRange range{std::numeric_limits<double>::max(), 0};
    for (const RankProfile& rank : ranks) {
        const auto& stages = rank.profile.stages;
        const auto own = std::find_if(stages.begin(), stages.end(),
                                      [&](const StageProfile& s) { return s.name == stage; });
        const double seconds = own != stages.end() ? own->busy_seconds : 0;
        range.least_seconds = std::min(range.least_seconds, seconds);
        range.most_seconds = std::max(range.most_seconds, seconds);
    }
    return range;
}

/// Row of all ranks together: sums of their times, and parts of that sum.
RankProfile sum_of(const std::vector<RankProfile>& ranks) {
    RankProfile sum;
    Profile& all = sum.profile;
    for (const RankProfile& rank : ranks) {
        const Profile& own = rank.profile;
        sum.pieces += rank.pieces;
        sum.weight_bytes += rank.weight_bytes;
        sum.busy_seconds += rank.busy_seconds;
        sum.stage_seconds += rank.stage_seconds;
        all.wall_seconds += own.wall_seconds;
        all.reading += own.reading * own.wall_seconds;
        all.computing += own.computing * own.wall_seconds;
        all.writing += own.writing * own.wall_seconds;
        all.waiting += own.waiting * own.wall_seconds;
        all.idle += own.idle * own.wall_seconds;
    }
    if (all.wall_seconds > 0) {
        for (double* part : {&all.reading, &all.computing, &all.writing, &all.waiting, &all.idle})
            *part /= all.wall_seconds;
    }
    return sum;
}

std::string row_of(const std::string& name, const RankProfile& rank) {
    const Profile& own = rank.profile;
    return fmt::format(
        "{:>4} {:>8} {:>9.4f} {:>9.4f} {:>7} {:>7.0f} % {:>7.0f} % {:>7.0f} % {:>7.0f} % "
        "{:>4.0f} %{}\n",
        name, rank.pieces, own.wall_seconds, rank.busy_seconds,
        rank.stage_seconds > 0 ? fmt::format("{:.2f}", static_cast<double>(rank.weight_bytes) *
                                                           1e-9 / rank.stage_seconds)
                               : "-",
        100 * own.reading, 100 * own.computing, 100 * own.writing, 100 * own.waiting,
        100 * own.idle, rank.host.empty() ? "" : "  " + printable(rank.host));
}

}  // namespace

JobProfile make_profile(const JobRecording& recording) {
    const double wall_seconds = static_cast<double>(recording.end) * 1e-9;
    JobProfile job;
    std::vector<std::span<const Slice>> slices;
    std::size_t threads = 0;
    for (const Recording& rank : recording.ranks) {
        slices.emplace_back(rank.slices);
        threads += rank.threads;
        job.ranks.push_back(profile_of(rank, wall_seconds));
    }
    job.whole = profile_of_ranks(slices, wall_seconds, threads);
    for (const StageProfile& stage : job.whole.stages)
        job.ranges.push_back(range_of(stage.name, job.ranks));
    job.waiting = sum_of(job.ranks).profile.waiting;
    return job;
}

std::string profile_table(const JobProfile& profile) {
    const Profile& whole = profile.whole;
    std::string table =
        fmt::format("{} {:>9} {:>9} {:>9}\n", stage_columns(), "least s", "most s", "waited s");
    for (std::size_t s = 0; s < whole.stages.size(); ++s) {
        const StageProfile& stage = whole.stages[s];
        table += fmt::format("{} {:>9.4f} {:>9.4f}", stage_columns(stage),
                             profile.ranges[s].least_seconds, profile.ranges[s].most_seconds);
        table += stage.is_phase ? "\n" : fmt::format(" {:>9.4f}\n", stage.waited_seconds);
    }
    table += fmt::format("\n{:>4} {:>8} {:>9} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>6}  {}\n",
                         "rank", "pieces", "wall s", "busy s", "GB/s", "reading", "computing",
                         "writing", "waiting", "idle", "host");
    for (std::size_t rank = 0; rank < profile.ranks.size(); ++rank)
        table += row_of(std::to_string(rank), profile.ranks[rank]);
    table += row_of("all", sum_of(profile.ranks));
    return table +
           fmt::format(
               "\n{:.4f} s, {} ranks, {:.2f} of {} threads busy: {:.0f} % reading, {:.0f} % "
               "computing, {:.0f} % writing, {:.0f} % idle; bound by {}; ranks waited for others "
               "{:.0f} % of their time\n",
               whole.wall_seconds, profile.ranks.size(), whole.busy_threads, whole.threads,
               100 * whole.reading, 100 * whole.computing, 100 * whole.writing,
               100 * (whole.idle + whole.waiting), whole.bound_by, 100 * profile.waiting);
}

nlohmann::ordered_json profile_json(const JobProfile& profile) {
    nlohmann::ordered_json json = profile_json(profile.whole);
    json["idle"] = profile.whole.idle + profile.whole.waiting;
    json["threads"] = profile.whole.threads;
    json["waiting"] = profile.waiting;
    for (std::size_t s = 0; s < profile.ranges.size(); ++s) {
        json["stages"][s]["least_busy_seconds"] = profile.ranges[s].least_seconds;
        json["stages"][s]["most_busy_seconds"] = profile.ranges[s].most_seconds;
    }
    json["ranks"] = nlohmann::ordered_json::array();
    for (const RankProfile& rank : profile.ranks) {
        const Profile& own = rank.profile;
        json["ranks"].push_back(
            {{"host", rank.host},
             {"threads", own.threads},
             {"pieces", rank.pieces},
             {"weight_bytes", rank.weight_bytes},
             {"wall_seconds", own.wall_seconds},
             {"busy_seconds", rank.busy_seconds},
             {"reading", own.reading},
             {"computing", own.computing},
             {"writing", own.writing},
             {"waiting", own.waiting},
             {"idle", own.idle},
             {"clock_error_seconds", static_cast<double>(rank.clock_error_ns) * 1e-9}});
    }
    return json;
}

}  // namespace pal
