// Two palettizations side by side as JSON and as a table.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint_info.hpp"
#include "pipeline/report/comparison.hpp"

namespace pal {

// `tensors` in the order of the text; a and b: the files that they come from. Both throw
// Error(kInput) for a damaged spec.

/// `missing`: what measure_comparison() returned. docs/guide.md explains the keys.
[[nodiscard]] std::string comparison_json(const std::vector<ComparedTensor>& tensors,
                                          const CheckpointInfo& a, const CheckpointInfo& b,
                                          const std::vector<std::string>& missing);

/// A line for each tensor, then the totals.
[[nodiscard]] std::string comparison_table(const std::vector<ComparedTensor>& tensors,
                                           const CheckpointInfo& a, const CheckpointInfo& b);

}  // namespace pal
