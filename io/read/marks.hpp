// What the root of a file says of this program: whether it is a palettized one, of which version,
// with what results, and what stands in the way of making one.
#pragma once

#include "io/read/checkpoint.hpp"

namespace pal {

/// Fills in has_format, and of info palettized, version, results_json and reserved. Throws
/// Error(kInput) for a format that this program does not read.
void read_marks(Checkpoint& checkpoint, hid_t root);

}  // namespace pal
