// Profile of a job of several ranks (--profile): its time by stage over all ranks, and by rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pipeline/profile/profile.hpp"
#include "pipeline/profile/recording.hpp"

namespace pal {

struct RankProfile {
    std::string host;
    std::size_t pieces = 0;          // tensors and slabs that the rank worked on
    std::uint64_t weight_bytes = 0;  // weights of the pieces
    std::uint64_t clock_error_ns = 0;
    double busy_seconds = 0;   // stages and phases
    double stage_seconds = 0;  // stages alone
    Profile profile;           // the rank alone, from its start to the end of the job
};

/// Busy time of a stage on the rank with the least and on the rank with the most of it.
struct StageRange {
    double least_seconds = 0;
    double most_seconds = 0;
};

struct JobProfile {
    /// Result of profile_of_ranks(): stages are sums over the ranks. `idle` and `waiting` are
    /// moments at which no rank does anything.
    Profile whole;
    std::vector<StageRange> ranges;  // [stage of `whole`]
    std::vector<RankProfile> ranks;
    double waiting = 0;  // part of the time of all ranks
};

/// Profiles a recorded job. O(n log n) for n slices.
[[nodiscard]] JobProfile make_profile(const JobRecording& job);

/// Tables of stages and of ranks, and a line with the totals.
[[nodiscard]] std::string profile_table(const JobProfile& profile);

/// Value of "profile" in a report: that of one process with more keys (docs/report.md).
[[nodiscard]] nlohmann::ordered_json profile_json(const JobProfile& profile);

}  // namespace pal
