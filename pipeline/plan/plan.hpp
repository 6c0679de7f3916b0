// The plan decides for every dataset of a checkpoint how it is palettized, or why it stays dense.
// Planning has no side effects and comes before any output. `plan` prints the plan, `run` executes
// it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/selection.hpp"
#include "io/read/checkpoint_info.hpp"
#include "io/write/palettized_size.hpp"
#include "stages/chain.hpp"
#include "stages/weights/slab.hpp"

namespace pal {

struct PlanOptions {
    SelectionOptions selection;
    ClusterOptions cluster;
    std::optional<Layout> layout;  // nothing: as detected
    std::vector<TypeRule> types;   // --types
    bool allow_partial_groups = false;
    bool strict = false;  // a selected tensor that does not fit its spec is an error
    /// A selected tensor that would take more bytes in the file than now stays dense.
    bool dense_if_larger = false;
    std::uint64_t memory_bytes = std::numeric_limits<std::uint64_t>::max();  // the limit
    const CheckpointInfo* sensitivities = nullptr;  // null: none; outlives the plan
    bool normalize_sensitivities = false;           // as coreai_opt does
    bool may_lack_sensitivities = false;            // a tensor without any is a warning
};

struct PlanEntry {
    const DatasetInfo* dataset = nullptr;  // in the planned CheckpointInfo, which outlives the plan
    bool palettize = false;
    std::string reason;        // the rule that chose it, or why it stays dense
    bool misfit = false;       // selected, but its spec does not fit
    bool by_name = false;      // --include or a name rule asks for it
    std::string growth;        // palettized though it grows: by how much; else empty
    TensorTask task;           // for palettized entries only
    std::optional<Slab> slab;  // part of the dataset that the task covers; nothing: all
    const DatasetInfo* sensitivities = nullptr;  // in PlanOptions::sensitivities; null: none
    bool normalize_sensitivities = false;
    std::uint64_t bytes_in = 0;
    /// Bytes in the file for a palettized entry beside bytes_out; set_width() sets them.
    StructureSize structure;
    std::uint64_t bytes_out = 0;     // all that is stored for the tensor; bytes_in if dense
    std::uint64_t memory_bytes = 0;  // estimate of the peak while it is in the graph
    /// Size of the cache of decoded chunks, for chunked weights that do not fit the memory.
    std::optional<std::uint64_t> kept_bytes;
    std::string module_path;  // rules match this and state_name
    std::string state_name;
    TensorRole role = TensorRole::kOther;
    std::optional<double> expected_sqnr_db;  // set by choose_widths
};

/// Result of choosing the widths of a plan (pipeline/plan/choose_widths.hpp).
struct WidthChoice {
    std::uint64_t budget_bytes = 0;  // for all that palettized tensors store; 0: no budget
    std::uint64_t used_bytes = 0;    // includes tensors that stay dense after all
    std::uint64_t weights = 0;
    double error = 0;  // sum of the objective
    double bound = 0;  // lower bound on the error within the budget
};

struct Plan {
    std::vector<PlanEntry> entries;  // floating-point datasets, sorted by path
    std::vector<std::string> warnings;
    /// The planned file, which outlives the plan.
    const CheckpointInfo* info = nullptr;
    std::uint64_t config_bytes = 0;  // of the configuration, as the output keeps it
    Layout layout = Layout::kTorch;
    std::string layout_reason;
    std::optional<WidthChoice> widths;

    [[nodiscard]] std::vector<const PlanEntry*> palettized() const;
};

/// Plans one file.
///
/// A selected tensor stays dense, with a warning, if it is not read (DatasetInfo::unreadable) or if
/// a virtual dataset reads it. If --include or a name rule asked for it, this is an error. A tensor
/// that alone takes more than options.memory_bytes causes a warning.
///
/// Throws Error(kUsage) for rules and patterns (see select_tensors) and for --strict misfits.
/// Throws Error(kInput) as require_plannable and plan_entry.
[[nodiscard]] Plan make_plan(const CheckpointInfo& info, const Config& config,
                             const PlanOptions& options);

/// Plans of several files, with one verdict on rules and filters over all of them.
struct FilePlans {
    std::vector<Plan> files;            // in the order of the files
    std::vector<std::string> warnings;  // about all files; each plan has those about its own file
};
/// Plans one or more files, which outlive the plans. Throws as make_plan. A file without selected
/// tensors is fine as long as another one has some.
/// models: files that are one model together, as indices into infos; other files stand alone.
[[nodiscard]] FilePlans make_plans(const std::vector<const CheckpointInfo*>& infos,
                                   const Config& config, const PlanOptions& options,
                                   const std::vector<std::vector<std::size_t>>& models = {});

// The parts of make_plan, for `explain`.

/// Throws Error(kInput) for a file that is palettized, or of which no palettized file can be made
/// (CheckpointInfo::reserved).
void require_plannable(const CheckpointInfo& info);
/// Plans one dataset. If a rule selects it, throws Error(kInput) for damaged data, for a tensor
/// that must stay dense though it was asked for, and for an attribute with a name that palettized
/// tensors need. Also throws as sensitivities_of.
[[nodiscard]] PlanEntry plan_entry(const DatasetInfo& dataset, const Decision& decision,
                                   const CheckpointInfo& info, const PlanOptions& options);

/// Gives a palettized entry a width, and the sizes that follow from it.
void set_width(PlanEntry& entry, int n_bits);

/// Turns a palettized entry into a dense one.
void leave_dense(PlanEntry& entry, const std::string& reason);

/// Bytes that the file holds for a palettized tensor: packed indices with the padding of their
/// chunks, LUTs, scales.
[[nodiscard]] std::uint64_t stored_bytes(const Geometry& geometry, const PalettizationSpec& spec,
                                         DType dtype);
[[nodiscard]] double bits_per_weight(std::uint64_t bytes, std::uint64_t weight_count);
/// Most bytes of estimated memory that the graph holds at one time within `budget_bytes`.
[[nodiscard]] std::uint64_t peak_memory_bytes(const Plan& plan, std::uint64_t budget_bytes);

}  // namespace pal
