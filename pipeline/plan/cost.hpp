// Estimates run time from the plan alone. The estimate is the same on every machine: it balances
// shards, and it is the base of the time limits for a batch system.
#pragma once

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Seconds of one processor to read (from memory), cluster and assign a palettized entry. Fitted to
/// a 2.x GHz Xeon with AVX-512 (docs/scaling.md). Other machines differ by a factor that is much
/// the same for all tensors.
[[nodiscard]] double estimated_seconds(const PlanEntry& entry);

}  // namespace pal
