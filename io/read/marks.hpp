// Reads the marks of this program at the root of a file: format, version, results, and names that
// would be in the way of a palettized file.
#pragma once

#include "io/read/checkpoint.hpp"

namespace pal {

/// Fills has_format and info.palettized, version, results_json, reserved. Throws Error(kInput) for
/// a format that this program does not read.
void read_marks(Checkpoint& checkpoint, hid_t root);

}  // namespace pal
