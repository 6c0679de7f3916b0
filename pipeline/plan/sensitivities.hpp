// Sensitivities of the weights (--sensitivity): a file with the paths and shapes of the checkpoint,
// one value per weight.
#pragma once

#include "io/read/checkpoint_info.hpp"
#include "io/read/checkpoint_reader.hpp"

namespace pal {

struct Plan;

/// Returns the dataset with the sensitivities of `tensor`: that of its path, or of another of its
/// hard links. Throws Error(kInput), which names the tensor, if there is none. It does the same if
/// the shape differs, or if the dataset is not floating-point or cannot be read.
[[nodiscard]] const DatasetInfo& sensitivities_of(const CheckpointInfo& sensitivities,
                                                  const DatasetInfo& tensor);

/// Reads and checks all sensitivities that the plan needs, before any is used. Throws
/// Error(kInput), which names the tensor and the first value that is negative, NaN or infinite.
void require_valid(const CheckpointReader& sensitivities, const Plan& plan);

}  // namespace pal
