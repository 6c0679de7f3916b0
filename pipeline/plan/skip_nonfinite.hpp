// Leaves tensors that hold NaN or infinity dense (--on-nonfinite=skip).
#pragma once

#include <cstddef>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Turns every palettized entry with NaN or infinity dense, and returns their positions in
/// plan.entries. Call it before the copy decides what to leave out. Reads every weight that is to
/// be palettized.
std::vector<std::size_t> skip_nonfinite(Plan& plan, const CheckpointReader& reader);

}  // namespace pal
