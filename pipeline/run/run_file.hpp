// What the ways to run share: the work on one file whose plan is made. Only for pipeline/commands/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/journal.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/graph/graph.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/ranks/ranks.hpp"
#include "pipeline/report/report.hpp"

namespace pal {

/// What the graph works with.
struct Work {
    const CheckpointReader& reader;
    const CheckpointReader* sensitivities;
    Recorder* recorder;
    bool describes;  // each tensor, for a page
    std::uint64_t budget_bytes;
};

/// How a run speaks of a file.
struct Speech {
    bool of_progress = true;         // and of what came of it; else whoever called does
    std::string before_errors = {};  // in front of what failed
};

/// One file of a run, about to be made.
struct FileRun {
    const Arguments& arguments;  // their positionals are the input and the output
    const std::string& target;   // the output, behind links
    const Config& config;
    const Plan& plan;
    const Work& work;
    Phases& phases;
    Clock::time_point start;
    const std::string& stopped;             // what to say where the run is interrupted
    const std::string& heading;             // of the table
    std::optional<ShardRecord> shard = {};  // where the plan is a part of another
    Speech speech = {};
};

/// What a run writes beside its output.
struct Reports {
    explicit Reports(const Arguments& arguments);

    ReportFile json;
    ReportFile trace;
    ReportFile page;

    /// trace_of_run: made where a trace was asked for.
    void write(const Arguments& arguments, const Plan& plan, const RunFacts& facts,
               const std::function<std::string()>& trace_of_run);
    /// All files or none.
    void publish(CheckpointWriter& writer);
};

/// The run's output, and the journal that lets it go on where it was interrupted.
struct RunOutput {
    Journal& journal;
    CheckpointWriter& writer;
    std::function<const PlanEntry*(const TensorTask&)> to_keep;  // its entry; null: not to be kept
    Progress& progress;
    std::size_t tensors;  // to share what memory details may take

    /// Returns what its chunks of indices are told by.
    [[nodiscard]] Fingerprint write(const TensorTask& task, const Packed& packed,
                                    const CheckpointReader& reader) const;
};

/// Both outlive the graph.
[[nodiscard]] GraphPorts graph_ports(const Work& work, const RunOutput& output);

/// The plan that is executed; what there is to warn of is printed.
[[nodiscard]] Plan executable_plan(const Arguments& arguments, const Config& config,
                                   const PlanOptions& options, const CheckpointReader& reader);
[[nodiscard]] std::vector<std::string> palettized_paths(const Plan& plan);
[[nodiscard]] std::uint64_t weight_bytes(std::span<const PlanEntry* const> entries);
[[nodiscard]] Origin origin_of(const Config& config, const CheckpointInfo& input,
                               const CheckpointInfo* sensitivities);
[[nodiscard]] ShardRecord record_of(const ShardChoice& shard, const Plan& whole,
                                    const RunIdentity& identity, const std::string& input);
/// All but the sizes and times that are not known yet.
[[nodiscard]] RunFacts facts_of(const Arguments& arguments, const CheckpointInfo& input,
                                const std::vector<Outcome>& outcomes);
[[nodiscard]] double seconds_since(Clock::time_point start);

/// Called when every byte of the output is on the disk, at part_path: puts it into place.
using PublishFile =
    std::function<void(CheckpointWriter& writer, const std::string& part_path, const RunFacts&)>;

/// Executes the plan, and says so on the console. Returns the exit code; throws Error.
int run_file(const FileRun& run, const PublishFile& publish);

/// Whether the command line has more than one plain file as its input.
[[nodiscard]] bool has_several_inputs(const Arguments& arguments);
int execute_run_of_several(const Arguments& arguments);
/// With several ranks.
int execute_run_of_ranks(const Arguments& arguments, Ranks& ranks);
int execute_run_of_several_by_ranks(const Arguments& arguments, Ranks& ranks);

/// Whether outcomes have a detail.
[[nodiscard]] bool wants_details(const Arguments& arguments);
/// Whether somebody wants to know where the time goes.
[[nodiscard]] bool wants_recording(const Arguments& arguments);
[[nodiscard]] std::string stopped_message(const std::string& target);

}  // namespace pal
