// An output while it grows: its partial file, the journal that lets a later run go on, and the
// results of the tensors in it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/write/checkpoint_writer.hpp"
#include "io/write/journal.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/graph/graph.hpp"
#include "pipeline/record/results.hpp"
#include "pipeline/run/prepare.hpp"
#include "pipeline/run/resume.hpp"

namespace pal {

/// The work on one file.
struct FileWork {
    const Run& run;
    const CheckpointReader& reader;
    const Plan& plan;    ///< of the file, or of the parts of it that ranks share
    Recorder* recorder;  ///< null if nothing is recorded
    Phases& phases;
};

/// Where the tasks of a file come from. By default: from the plan, in its order.
struct TaskSource {
    std::function<const PlanEntry*()> next = {};  ///< as GraphPorts::next
    std::function<void(const PlanEntry&, const TensorResult&)> done = {};
    std::function<bool()> stopped = {};  ///< stops the work besides a signal
};

class GrowingOutput {
  public:
    /// Opens journal and partial file beside `target`. replaced: the tensors that it will hold
    /// palettized. Throws Error(kOutput), and Error(kUsage) if there is other work to resume.
    GrowingOutput(const FileWork& work, const std::string& target, const RunIdentity& identity,
                  const std::vector<std::string>& replaced, Copies copies);

    /// Takes over what an earlier run finished; see resume_finished(). Call it once, first.
    void resume(const FindEntry& find);

    /// Runs the graph on all that is left. entries: all tasks that there may be. Throws nothing
    /// that a tensor can fail with: see results().
    void palettize(const TaskSource& source, Progress& progress);

    /// Writes the records of all results, by path, and brings every byte to the disk. Returns their
    /// number. Every result must be a success.
    std::uint64_t finish(const Origin& origin);

    /// The entries that have a result, and their results, in the same order.
    [[nodiscard]] const std::vector<const PlanEntry*>& entries() const noexcept { return entries_; }
    [[nodiscard]] const std::vector<TensorResult>& results() const noexcept { return results_; }
    [[nodiscard]] Journal& journal() noexcept { return journal_; }
    [[nodiscard]] CheckpointWriter& writer() noexcept { return writer_; }

  private:
    [[nodiscard]] GraphPorts ports(const TaskSource& source, Progress& progress);
    [[nodiscard]] TensorResult write(const PlanEntry& entry, const Packed& packed, bool is_kept);

    FileWork work_;
    Journal journal_;
    CheckpointWriter writer_;  // after the journal, which removes the partial file
    std::vector<const PlanEntry*> entries_;
    std::vector<TensorResult> results_;
};

[[nodiscard]] std::uint64_t weight_bytes(const std::vector<const PlanEntry*>& entries);
[[nodiscard]] std::vector<std::string> palettized_paths(const Plan& plan);
[[nodiscard]] Origin origin_of(const Run& run, const CheckpointInfo& input, Layout layout);

}  // namespace pal
