// Where the time of a run went (--profile), from what was recorded.
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

/// Seconds are thread time but for those of waiting.
struct StageProfile {
    std::string_view name;
    bool is_phase = false;  // of the run: no tensors, no queue
    std::size_t runs = 0;
    double busy_seconds = 0;
    double read_seconds = 0;  // of them
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    double waited_seconds = 0;  // of all tensors, in the queue in front of the stage
    double mean_waiting = 0;    // tensors in that queue, over the time of the graph
    std::size_t most_waiting = 0;
};

struct Profile {
    std::vector<StageProfile> stages;  // in the order in which they began
    double wall_seconds = 0;
    std::size_t threads = 1;
    double busy_threads = 0;  // on average
    /// Parts of the wall time: each moment is divided evenly among the stages and phases that run
    /// then, and theirs among reading and computing as they divided their thread time.
    double reading = 0;
    double computing = 0;
    double writing = 0;
    double waiting = 0;         // nothing runs, until other ranks are as far
    double idle = 0;            // nothing runs, and nobody says what for
    std::string_view bound_by;  // "reading", "computing" or "writing": the largest of the three
};

/// slices: as Recorder::slices() gives them. O(n log n).
[[nodiscard]] Profile make_profile(const std::vector<Slice>& slices, double wall_seconds,
                                   std::size_t threads);

/// The same of ranks that ran at a time, on one clock: stages are sums over them, and a moment is
/// divided evenly among the ranks that do anything then, before theirs is among what they do.
/// threads: of all.
[[nodiscard]] Profile profile_of_ranks(const std::vector<std::span<const Slice>>& ranks,
                                       double wall_seconds, std::size_t threads);

[[nodiscard]] std::string profile_table(const Profile& profile);

/// The columns that tables of stages begin with, and what stands there for a stage.
[[nodiscard]] std::string stage_columns();
[[nodiscard]] std::string stage_columns(const StageProfile& stage);

/// The same as the report keeps it.
[[nodiscard]] nlohmann::ordered_json profile_json(const Profile& profile);

}  // namespace pal
