// --on-nonfinite=skip.
#pragma once

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// A tensor with NaN or infinity turns dense, before the copy decides what to leave out. Reads
/// every weight that is to be palettized.
void skip_nonfinite(Plan& plan, const CheckpointReader& reader);

}  // namespace pal
