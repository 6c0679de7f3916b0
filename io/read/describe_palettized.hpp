// Describes a palettized group by its attributes, without reading its data.
#pragma once

#include <string>

#include "io/read/checkpoint.hpp"

namespace pal {

/// Returns true for a tensor of a palettized file.
[[nodiscard]] bool is_palettized(const Checkpoint& checkpoint, hid_t object);

/// Throws Error(kInput) where attributes are missing, or contradict the shape of the indices.
[[nodiscard]] PalettizedTensorInfo describe_palettized(hid_t group, const std::string& path);

}  // namespace pal
