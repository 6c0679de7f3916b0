// The sensitivities that --sensitivity names: a file with the same paths and shapes as the
// checkpoint, one value a weight.
#pragma once

#include "io/checkpoint_info.hpp"
#include "io/read/checkpoint_reader.hpp"

namespace pal {

struct Plan;

/// Those of a tensor: the dataset of its path, or of another of its hard links. Throws
/// Error(kInput) that names the tensor: none there, of another shape, no floats, unreadable.
[[nodiscard]] const DatasetInfo& sensitivities_of(const CheckpointInfo& sensitivities,
                                                  const DatasetInfo& tensor);

/// Reads all that the plan needs, before any of it is used. Throws Error(kInput) that names the
/// tensor and the first value that is negative, NaN or infinite.
void require_valid(const CheckpointReader& sensitivities, const Plan& plan);

}  // namespace pal
