// Profile of a run (--profile): its time by stage, computed from recorded slices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/graph/recorder.hpp"

namespace pal {

/// One stage or phase. Seconds are thread time, except those of waiting.
struct StageProfile {
    std::string_view name;
    bool is_phase = false;  // a phase of the run: has no tensors and no queue
    std::size_t runs = 0;
    double busy_seconds = 0;
    double read_seconds = 0;  // part of busy_seconds
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    double waited_seconds = 0;     // sum over all tensors, in the queue of the stage
    double mean_waiting = 0;       // mean length of that queue, while the graph runs
    std::size_t most_waiting = 0;  // greatest length of that queue
};

struct Profile {
    std::vector<StageProfile> stages;  // in order of their first start
    double wall_seconds = 0;
    std::size_t threads = 1;
    double busy_threads = 0;  // on average
    /// Parts of the wall time, from 0 to 1. Each moment is divided evenly among the stages and
    /// phases that run then. The share of each is divided by its activities, as is its thread time.
    double reading = 0;
    double computing = 0;
    double writing = 0;
    double waiting = 0;         // nothing runs; the rank waits for others
    double idle = 0;            // nothing runs, for no recorded reason
    std::string_view bound_by;  // "reading", "computing" or "writing": the largest of the three
};

/// Profiles one process. slices: the result of Recorder::slices(). O(n log n).
[[nodiscard]] Profile make_profile(const std::vector<Slice>& slices, double wall_seconds,
                                   std::size_t threads);

/// Profiles ranks that ran at the same time, with times on one clock. Stages are sums over the
/// ranks. Each moment is divided evenly among the ranks that do anything then, and the share of a
/// rank among what it does. threads: sum over the ranks.
[[nodiscard]] Profile profile_of_ranks(const std::vector<std::span<const Slice>>& ranks,
                                       double wall_seconds, std::size_t threads);

/// Table of the stages, and a line with the totals.
[[nodiscard]] std::string profile_table(const Profile& profile);

/// First columns of a table of stages: their heads, and the row of one stage.
[[nodiscard]] std::string stage_columns();
[[nodiscard]] std::string stage_columns(const StageProfile& stage);

/// Value of "profile" in a report (docs/report.md).
[[nodiscard]] nlohmann::ordered_json profile_json(const Profile& profile);

}  // namespace pal
