// Tells what stayed dense where that is most of a file: nobody should find out by the size alone.
#pragma once

#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Returns the largest tensors that stay dense, at most three; not optimizer state.
[[nodiscard]] std::vector<const PlanEntry*> largest_dense(const Plan& plan);

/// Returns lines about the largest tensors that stay dense, each with the reason, which names the
/// option that takes it in. Empty unless most weights of two dimensions and more stay dense;
/// optimizer state does not count.
[[nodiscard]] std::string dense_note(const Plan& plan);

}  // namespace pal
