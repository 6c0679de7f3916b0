// The plan: what happens to every dataset of a checkpoint, and why, decided before any output
// exists. Pure: plan prints it, run executes it, both see the same.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/selection.hpp"
#include "io/checkpoint_info.hpp"
#include "stages/chain.hpp"
#include "stages/weights/slab.hpp"

namespace pal {

struct PlanOptions {
    SelectionOptions selection;
    ClusterOptions cluster;
    std::optional<Layout> layout;  // none: as detected
    bool allow_partial_groups = false;
    bool strict = false;  // a selected tensor that does not fit its spec is an error
    std::uint64_t memory_bytes = std::numeric_limits<std::uint64_t>::max();  // to stay within
    const CheckpointInfo* sensitivities = nullptr;  // of the file with them; outlives the plan
};

struct PlanEntry {
    const DatasetInfo* dataset =
        nullptr;  // of the CheckpointInfo that was planned, which must outlive the plan
    bool palettize = false;
    std::string reason;        // which rule chose it, or why it stays dense
    bool misfit = false;       // selected, but its spec does not fit
    TensorTask task;           // palettize only
    std::optional<Slab> slab;  // of the dataset, where the task is about that alone
    const DatasetInfo* sensitivities = nullptr;  // of PlanOptions::sensitivities, where given
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;     // everything stored for the tensor; bytes_in where dense
    std::uint64_t memory_bytes = 0;  // estimate while it is worked on
    /// Of chunked weights that do not fit the memory: what is kept of their decoded chunks.
    std::optional<std::uint64_t> kept_bytes;
    std::string module_path;  // and state_name: what rules know the tensor by
    std::string state_name;
    std::optional<double> expected_sqnr_db;  // where widths were chosen by what they lose
};

/// What the widths of a plan were chosen for (pipeline/plan/choose_widths.hpp).
struct WidthChoice {
    std::uint64_t budget_bytes = 0;  // for what the palettized tensors store; 0: none
    std::uint64_t used_bytes = 0;    // of it, by those that stay dense after all too
    std::uint64_t weights = 0;
    double error = 0;  // the objective, summed
    double bound = 0;  // no choice within the budget has less
};

struct Plan {
    std::vector<PlanEntry> entries;  // floating-point datasets, by path
    std::vector<std::string> warnings;
    Layout layout = Layout::kTorch;
    std::string layout_reason;
    std::optional<WidthChoice> widths;

    [[nodiscard]] std::vector<const PlanEntry*> palettized() const;
};

/// Selected tensors that are not read (DatasetInfo::unreadable) or that a virtual dataset reads
/// stay dense, with a warning; where --include or a name rule asks for one, that is an error. Warns
/// also of tensors that take more than options.memory_bytes alone. Throws Error(kUsage) for rules
/// and patterns (see select_tensors), for --strict misfits, Error(kInput) for a palettized input,
/// such a dataset that was asked for, sensitivities that do not fit (see sensitivities_of), and
/// files with what cannot be carried over or with names that palettized files and tensors need.
[[nodiscard]] Plan make_plan(const CheckpointInfo& info, const Config& config,
                             const PlanOptions& options);

/// Plans of several files that rules and filters are judged over together.
struct FilePlans {
    std::vector<Plan> files;            // in the order of the files
    std::vector<std::string> warnings;  // of all together; each plan has those of its file
};
/// The same for several files, of which there is at least one; all outlive the plans. A file of
/// which nothing is selected is fine, unless it is so with all of them.
[[nodiscard]] FilePlans make_plans(const std::vector<const CheckpointInfo*>& infos,
                                   const Config& config, const PlanOptions& options);

/// The parts of make_plan, for `explain`. What the rules see of a file's datasets, in its order:
[[nodiscard]] std::vector<Candidate> candidates_of(const CheckpointInfo& info);
/// Throws Error(kInput) for a file of which no plan is made.
void require_plannable(const CheckpointInfo& info);
/// Of one of the file's datasets. Throws Error(kInput) as make_plan does.
[[nodiscard]] PlanEntry plan_entry(const DatasetInfo& dataset, const Decision& decision,
                                   Layout layout, const CheckpointInfo& info,
                                   const PlanOptions& options);

/// Turns a palettized entry dense.
void leave_dense(PlanEntry& entry, const std::string& reason);

/// Bytes that the file holds for a tensor: packed indices with their chunk padding, LUTs, scales.
[[nodiscard]] std::uint64_t stored_bytes(const Geometry& geometry, const PalettizationSpec& spec,
                                         DType dtype);
[[nodiscard]] double bits_per_weight(std::uint64_t bytes, std::uint64_t weight_count);
/// The most that the graph holds at a time within `budget_bytes`.
[[nodiscard]] std::uint64_t peak_memory_bytes(const Plan& plan, std::uint64_t budget_bytes);

}  // namespace pal
