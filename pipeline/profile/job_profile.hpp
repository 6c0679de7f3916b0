// Where the time of a job of several ranks went (--profile): by stage over all ranks, and by rank.
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
    std::size_t pieces = 0;          // tensors and slabs that it worked on
    std::uint64_t weight_bytes = 0;  // of them
    std::uint64_t clock_error_ns = 0;
    double busy_seconds = 0;   // of its stages and phases
    double stage_seconds = 0;  // of its stages alone
    Profile profile;           // of the rank alone, from its start to the end of the job
};

/// The busy time of a stage on the ranks that had least and most of it.
struct StageRange {
    double least_seconds = 0;
    double most_seconds = 0;
};

struct JobProfile {
    /// Stages as sums, and parts of the wall time as profile_of_ranks() divides it: `idle` and
    /// `waiting` are moments at which no rank does anything.
    Profile whole;
    std::vector<StageRange> ranges;  // of the stages of `whole`
    std::vector<RankProfile> ranks;
    double waiting = 0;  // of the time of all ranks
};

[[nodiscard]] JobProfile make_profile(const JobRecording& job);

[[nodiscard]] std::string profile_table(const JobProfile& profile);

/// The same as the report keeps it: that of a process, with more keys.
[[nodiscard]] nlohmann::ordered_json profile_json(const JobProfile& profile);

}  // namespace pal
