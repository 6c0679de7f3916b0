// Executes the plan of one file. Afterwards its output is on the disk, as a partial file. One
// process does the whole file, or the ranks of a job share it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/write/checkpoint_writer.hpp"
#include "io/write/journal.hpp"
#include "pipeline/profile/rank_recorder.hpp"
#include "pipeline/run/prepare.hpp"

namespace pal {

/// An output that has no name yet. The destructor removes it, unless --resume keeps it.
struct FinishedOutput {
    std::size_t file = 0;
    RankRecorder* recording = nullptr;
    CheckpointWriter* writer = nullptr;  ///< null before merge()
    Journal* journal = nullptr;          ///< of the output; null before merge()
    /// Merges the shards of all ranks and sets `writer` and `journal`. Empty if there are no
    /// shards. The leader calls it in the same step that publishes: no rank can fail between the
    /// two.
    std::function<void(FinishedOutput&)> merge = {};
    std::function<void()> published = {};  ///< removes what is not needed any more; for all ranks
    std::shared_ptr<void> owner = {};      ///< keeps all of it alive
};

/// Executes the plan of a file and fills in run.results[file]. Ranks share the only file of a run.
/// A file of a batch is the work of the process that calls this.
///
/// is_quiet       shows no progress
/// before_errors  stands in front of each failure
///
/// Throws Error. Throws JobFailed if tensors failed; each failure was logged.
[[nodiscard]] FinishedOutput execute(Run& run, std::size_t file, RankRecorder& recording,
                                     bool is_quiet = false, const std::string& before_errors = {});

/// Fills in the names, sizes and times of an output.
void complete_result(Run& run, std::size_t file, std::uint64_t output_bytes,
                     RankRecorder& recording);

}  // namespace pal
