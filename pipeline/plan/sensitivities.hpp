// Sensitivities of the weights (--sensitivity): a file with the paths and shapes of the checkpoint,
// one value per weight.
#pragma once

#include <optional>

#include "io/read/checkpoint_info.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

struct Plan;
struct PlanEntry;

/// Returns the dataset with the sensitivities of `tensor`: that of its path, or of another of its
/// hard links. It may have the name that coreai_opt saves sensitivities under. Throws
/// Error(kInput), which names the tensor, if there is none; may_lack: returns null. Throws also if
/// the shape differs, or if the dataset is not floating-point or cannot be read.
[[nodiscard]] const DatasetInfo* sensitivities_of(const CheckpointInfo& sensitivities,
                                                  const DatasetInfo& tensor, bool may_lack);

/// Adds a warning that names the palettized tensors without sensitivities, if there are any.
void warn_of_missing_sensitivities(Plan& plan);

/// Opens the sensitivities of an entry, normalized if it says so. Nothing: it has none.
[[nodiscard]] std::optional<Weights> open_sensitivities(const CheckpointReader& sensitivities,
                                                        const PlanEntry& entry);

/// Reads and checks all sensitivities that the plan needs, before any is used. Throws
/// Error(kInput), which names the tensor and the first value that is negative, NaN or infinite.
void require_valid(const CheckpointReader& sensitivities, const Plan& plan);

}  // namespace pal
