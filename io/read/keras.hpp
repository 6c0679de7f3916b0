// Detects the framework that wrote a file, by its attributes and names.
#pragma once

#include "io/read/checkpoint.hpp"

namespace pal {

/// Fills info.layout, layout_reason, layer_types, layer_equations and layer_names.
/// Needs info.datasets.
void detect_layout(Checkpoint& checkpoint);

}  // namespace pal
