// Bits where they count, over several files: one choice of widths for the tensors of all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/plan/choose_widths.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// How tensors are read while they are measured.
struct WidthMeasurement {
    ReadOptions read;
    std::uint64_t memory_bytes = 0;                   // bound of the memory in flight
    bool skips_nonfinite = false;                     // tensors with NaN or infinity turn dense
    const CheckpointReader* sensitivities = nullptr;  // null: none
    bool writes_config = false;  // the outputs will hold a configuration with a rule for each width
};

/// Gives each palettized entry of the plans its width, as choose_widths() does. Opens one file
/// after the other and reads every weight. Shows progress on stderr. infos: of the plans' files, in
/// their order. Throws as measure_plan() and choose_widths().
[[nodiscard]] WidthChoice choose_widths_of_files(FilePlans& plans,
                                                 const std::vector<const CheckpointInfo*>& infos,
                                                 const WidthTarget& target,
                                                 const WidthMeasurement& measurement);

/// YAML of a config that palettizes the files as planned. options: those of the plans. Throws
/// Error(kUsage) if nothing is palettized, or if no config can: rules know tensors by names that
/// some share, and the output might then exceed the budget.
[[nodiscard]] std::string config_of_files(const FilePlans& plans,
                                          const std::vector<const CheckpointInfo*>& infos,
                                          const PlanOptions& options);

}  // namespace pal
