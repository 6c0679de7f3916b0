// Warnings of a plan about its tensors, added to Plan::warnings.
#pragma once

#include <cstdint>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Warns of tensors that need far more memory than there is. The program and its threads have 64
/// MiB beside the limit; small tensors leave half of that unused.
void warn_of_large_tensors(Plan& plan, std::uint64_t memory_bytes);

/// Warns of tensors that grow though --if-larger leaves such ones dense: somebody named them.
void warn_of_growth(Plan& plan);

/// Warns of dimension scales that become groups: other datasets refer to them as datasets.
void warn_of_scales(Plan& plan);

}  // namespace pal
