// Measures the loss of each tensor at every width (n_bits), and chooses the widths that lose the
// least within a budget.
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
    kRelative,  // the squared error of a tensor relative to its energy, times its weights
    kAbsolute   // the squared error; with sensitivities, weighted by them
};

/// The goal of the choice: one of the first three members is set.
struct WidthTarget {
    std::optional<double> bits_per_weight;    // over all that palettized tensors store
    std::optional<std::uint64_t> file_bytes;  // the size of the output, or of all outputs together
    std::optional<double> min_sqnr_db;        // for every tensor
    Objective objective = Objective::kRelative;
};

/// Gives each palettized entry of the plan the width that serves the target best. An entry may
/// stay dense if that takes no more bytes than 8 bits do; it stays dense if no width reaches
/// min_sqnr_db. Entries with the same module and state name get the same width: no rule can tell
/// them apart.
///
/// plan         of one file, or of several with the entries of all; sets plan.widths
/// measured     finite errors of plan.palettized(), in order
/// other_bytes  of the output files, beside PlanEntry::bytes_out of palettized entries
///
/// Throws Error(kUsage), with the least that is possible, if the target cannot be reached.
void choose_widths(Plan& plan, const std::vector<WidthErrors>& measured, const WidthTarget& target,
                   std::uint64_t other_bytes);

/// Returns the errors of each palettized entry of the plan at every width, in order. Reads every
/// weight. Entries that are small against `memory_bytes` are measured in parallel.
///
/// load, sensitivities  called by several threads; an empty `sensitivities` means that there are
///                      none
/// done                 called once per entry, by one thread at a time
///
/// Throws Error(kCheckFailed) for NaN and infinity, and whatever `load` and `sensitivities` throw.
[[nodiscard]] std::vector<WidthErrors> measure_plan(
    const Plan& plan, std::uint64_t memory_bytes,
    const std::function<Weights(const PlanEntry&)>& load,
    const std::function<std::optional<Weights>(const PlanEntry&)>& sensitivities,
    const std::function<void(const PlanEntry&)>& done);

/// Returns a config with one rule per module of the plan's palettized tensors. All other tensors
/// stay dense under it.
[[nodiscard]] Config config_of_plan(const Plan& plan, bool allow_partial_groups);

}  // namespace pal
