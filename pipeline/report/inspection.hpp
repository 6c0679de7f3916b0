// The contents of a checkpoint, dense or palettized, as JSON and as a table.
#pragma once

#include <string>

#include "io/read/checkpoint_info.hpp"

namespace pal {

[[nodiscard]] std::string inspection_json(const CheckpointInfo& info);
/// A line for the file, then one for each palettized tensor and each dataset.
[[nodiscard]] std::string inspection_table(const CheckpointInfo& info);

}  // namespace pal
