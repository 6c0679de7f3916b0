// Executes the plan of one file: every byte of its output is on the disk afterwards, under the name
// of its partial file. One process does the whole file, or the ranks of a job share it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/write/checkpoint_writer.hpp"
#include "pipeline/profile/rank_recorder.hpp"
#include "pipeline/run/prepare.hpp"

namespace pal {

/// Tells where the time of a file went, up to the moment of the call. Empty if nothing is recorded.
struct Timing {
    std::function<std::string()> profile_json;   ///< the report's "profile"
    std::function<std::string()> profile_table;  ///< the same for people
    std::function<std::string()> trace_json;
};

/// An output that waits for its name. Without a name it is removed, unless --resume keeps it.
struct FinishedOutput {
    std::size_t file = 0;
    CheckpointWriter* writer = nullptr;  ///< null on a rank that does not lead
    std::string partial_path = {};
    Timing timing = {};
    Phases* phases = nullptr;
    std::function<void()> published = [] {};  ///< every rank calls it once the output has its name
    std::shared_ptr<void> owner = {};         ///< keeps all of it alive
};

/// How a file is spoken of while it is worked on.
struct Speech {
    bool of_progress = true;         ///< on the console
    std::string before_errors = {};  ///< stands in front of each failure
};

/// Executes the plan of a file and fills in run.results[file]. Ranks share the only file of a run;
/// a file of a batch is done by the process that calls this. recording: of a run of one file; a
/// batch records each file apart. Throws Error, and JobFailed if tensors failed, which was logged.
[[nodiscard]] FinishedOutput execute(Run& run, std::size_t file, RankRecorder& recording,
                                     const Speech& speech = {});

/// Logs every failed tensor. Throws JobFailed with the code of the first failure if there is one,
/// or if the run was interrupted.
void require_success(const std::vector<TensorResult>& results, const std::string& stopped,
                     const Speech& speech);

/// Fills in what is known of every output: its names, sizes, times.
void complete_result(Run& run, std::size_t file, std::uint64_t output_bytes,
                     std::chrono::steady_clock::time_point start, const Timing& timing);

}  // namespace pal
