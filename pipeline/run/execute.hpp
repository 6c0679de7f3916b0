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

/// An output that waits for its name. Without a name it is removed, unless --resume keeps it.
struct FinishedOutput {
    std::size_t file = 0;
    RankRecorder* recording = nullptr;
    CheckpointWriter* writer = nullptr;  ///< null before merge()
    std::string partial_path = {};
    /// Merges the shards of all ranks. The leader calls it in the step that publishes, so that no
    /// other rank can hold it up in between. Sets `writer`. Empty if there are no shards.
    std::function<void(FinishedOutput&)> merge = {};
    std::function<void()> published = {};  ///< every rank calls it once the output has its name
    std::shared_ptr<void> owner = {};      ///< keeps all of it alive
};

/// Executes the plan of a file and fills in run.results[file]. Ranks share the only file of a run;
/// a file of a batch is done by the process that calls this. is_quiet: shows no progress.
/// before_errors: stands in front of each failure. Throws Error, and JobFailed if tensors failed,
/// which was logged.
[[nodiscard]] FinishedOutput execute(Run& run, std::size_t file, RankRecorder& recording,
                                     bool is_quiet = false, const std::string& before_errors = {});

/// Fills in what is known of every output: its names, sizes, times.
void complete_result(Run& run, std::size_t file, std::uint64_t output_bytes,
                     RankRecorder& recording);

}  // namespace pal
