// What work takes, from the plan alone: the same on every machine, for shards that are to take the
// same time each and for what a batch system wants to know.
#pragma once

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Seconds of one processor for a palettized entry: reading (from memory), clustering, assigning.
/// As measured on a 2.x GHz Xeon with AVX-512 (docs/scaling.md); others differ by a factor that is
/// much the same for all tensors.
[[nodiscard]] double estimated_seconds(const PlanEntry& entry);

}  // namespace pal
