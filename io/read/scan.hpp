// Scans an open checkpoint: lists what is in it.
#pragma once

#include "io/read/checkpoint.hpp"

namespace pal {

/// Fills checkpoint.info, and all that Checkpoint keeps beside it, from checkpoint.file. Visits
/// every object once and reads no weights. Throws Error(kInput) for what is no checkpoint.
void scan_checkpoint(Checkpoint& checkpoint);

}  // namespace pal
