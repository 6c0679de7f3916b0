// Bits where they count: measures what each tensor would lose at every width, and chooses the
// widths that lose the least within a budget.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "stages/measure_widths.hpp"

namespace pal {

enum class Objective {
    kRelative,  // each tensor's squared error relative to its energy, times its weights
    kAbsolute   // the squared error itself; with sensitivities, times them
};

/// What to reach; one of the first three.
struct WidthTarget {
    std::optional<double> bits_per_weight;    // everything stored for the palettized tensors
    std::optional<std::uint64_t> file_bytes;  // of the whole output, or all of them
    std::optional<double> min_sqnr_db;        // of every tensor
    Objective objective = Objective::kRelative;
};

/// Each palettized entry of the plan gets the width that serves the target best, or stays dense
/// where that takes no more bytes than 8 bits do (and where no width reaches min_sqnr_db). Entries
/// of one module and state name get the same width, as no rule tells them apart. measured: of
/// plan.palettized(), in order, all finite. Throws Error(kUsage) where the target cannot be
/// reached, with the least that can. Sets plan.widths. A plan of several files has the entries of
/// all; infos: the files.
void choose_widths(Plan& plan, const std::vector<WidthErrors>& measured, const WidthTarget& target,
                   const std::vector<const CheckpointInfo*>& infos);

/// What each palettized entry of the plan would lose, in order: reads every weight. Entries that
/// are small beside `memory_bytes` are measured side by side. done: called with each entry, by one
/// thread at a time. Throws Error(kCheckFailed) for NaN and infinity, and what the ports throw.
[[nodiscard]] std::vector<WidthErrors> measure_plan(
    const Plan& plan, std::uint64_t memory_bytes,
    const std::function<Weights(const PlanEntry&)>& load,
    const std::function<Weights(const PlanEntry&)>& sensitivities,
    const std::function<void(const PlanEntry&)>& done);

/// The plan's palettized tensors as a config with a rule for each of their modules; what is not
/// among them stays dense.
[[nodiscard]] Config config_of_plan(const Plan& plan, bool allow_partial_groups);

}  // namespace pal
