// Private to io/: what a file's attributes say about the framework that wrote it.
#pragma once

#include "io/read/checkpoint.hpp"

namespace pal {

/// Fills layout, layout_reason and layer_types; datasets are listed already.
void detect_layout(Checkpoint& checkpoint);

}  // namespace pal
