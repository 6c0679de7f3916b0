// Reads the members of a palettized group. Everything in the file is hostile: shapes, types and
// ranges are checked before anything is allocated by them.
#pragma once

#include <string>

#include "io/read/checkpoint.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Reads the tensor at `path`; its chunks of indices are read on demand. See
/// CheckpointReader::read_palettized.
[[nodiscard]] PalettizedTensor read_palettized(const Checkpoint& checkpoint,
                                               const std::string& path);

}  // namespace pal
