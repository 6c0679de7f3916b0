// Prepares a run: reads the inputs and plans every file. Refuses what it can before anything is
// written. A run of one file is a batch of one. Every rank of a job prepares alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/record/shard_record.hpp"
#include "pipeline/report/file_result.hpp"
#include "pipeline/run/finished_files.hpp"
#include "pipeline/run/planned_files.hpp"
#include "pipeline/run/team.hpp"

namespace pal {

/// A run: its inputs, what is planned for them, and what came of it so far.
struct Run {
    const Arguments& arguments;
    const Team& team;
    bool is_batch = false;  ///< several inputs, outputs in a folder; else one input and one output
    bool resumes = false;   ///< --resume
    std::uint64_t budget_bytes = 0;
    Clock::time_point start = Clock::now();
    Clock::time_point start_of_file = start;  ///< of the file that is worked on
    Files files = {};
    PlannedFiles planned = {};
    std::vector<RunIdentity> identities = {};  ///< of each file
    std::vector<FileResult> results = {};      ///< of each file, once it is finished
    std::vector<std::size_t> to_do = {};       ///< files that no earlier run has finished
    std::optional<ShardRecord> shard = {};     ///< --shard: the part of the plan that is made
    std::optional<FinishedFiles> notes = {};   ///< of a batch
    bool was_published = false;                ///< an earlier run was killed when all was in place
    std::unique_ptr<const CheckpointReader> reader = {};  ///< the input, open; none for a batch

    [[nodiscard]] std::size_t file_count() const noexcept { return planned.infos.size(); }
    [[nodiscard]] const InputFile& input(std::size_t f) const { return files.inputs.files[f]; }
    [[nodiscard]] Plan& plan(std::size_t f) { return planned.plans.files[f]; }
    [[nodiscard]] const Plan& plan(std::size_t f) const { return planned.plans.files[f]; }
    [[nodiscard]] const CheckpointInfo* sensitivities() const {
        return planned.sensitivities ? &planned.sensitivities->info() : nullptr;
    }
    /// Returns the path of an output, behind links.
    [[nodiscard]] std::string target(std::size_t f) const;
    /// Returns the command line as if only this file were given.
    [[nodiscard]] Arguments arguments_of(std::size_t f) const;
};

/// Returns a run that is ready to be executed, and logs its warnings. Records the phases "scan" and
/// "plan". Throws Error, and JobFailed if ranks disagree.
[[nodiscard]] Run prepare(const Arguments& arguments, const Team& team, Phases& phases);

/// Turns tensors with NaN or infinity dense if --on-nonfinite=skip asks for it. Reads every weight
/// that is to be palettized.
void leave_nonfinite_dense(Run& run, std::size_t file, const CheckpointReader& reader);

/// Returns the identity of a file's work as its plan is now: of the whole, or of the shard.
[[nodiscard]] RunIdentity identity_of_file(const Run& run, std::size_t file,
                                           const CheckpointInfo& info);

/// Returns the record of a part of the only file, whose plan is still whole.
[[nodiscard]] ShardRecord shard_record_of(const Run& run, const ShardChoice& choice);

/// Tells whether the report holds the details of each tensor: --report-html, --report-detail.
[[nodiscard]] bool wants_details(const Arguments& arguments);
/// Tells whether times are recorded: for --profile, --trace, or details.
[[nodiscard]] bool wants_recording(const Arguments& arguments);
/// Message of a run that a signal stopped.
[[nodiscard]] std::string stopped_message(const std::string& target);

}  // namespace pal
