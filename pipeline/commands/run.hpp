// What the ways to run share: the work on one file whose plan is made. Only for pipeline/commands/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "io/checkpoint_reader.hpp"
#include "io/checkpoint_writer.hpp"
#include "pipeline/commands/options.hpp"
#include "pipeline/recorder.hpp"
#include "pipeline/report.hpp"

namespace pal {

/// What the graph works with.
struct Work {
    const CheckpointReader& reader;
    const CheckpointReader* sensitivities;
    Recorder* recorder;
    bool describes;  // each tensor, for a page
    std::uint64_t budget_bytes;
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
};

/// Called when every byte of the output is on the disk, at part_path: puts it into place.
using PublishFile =
    std::function<void(CheckpointWriter& writer, const std::string& part_path, RunFacts& facts)>;

/// Executes the plan, and says so on the console. Returns the exit code; throws Error.
int run_file(const FileRun& run, const PublishFile& publish);

/// Whether the command line has more than one plain file as its input.
[[nodiscard]] bool has_several_inputs(const Arguments& arguments);
int execute_run_of_several(const Arguments& arguments);

/// Whether outcomes have a detail.
[[nodiscard]] bool wants_details(const Arguments& arguments);
/// Whether somebody wants to know where the time goes.
[[nodiscard]] bool wants_recording(const Arguments& arguments);
[[nodiscard]] std::string stopped_message(const std::string& target);

}  // namespace pal
