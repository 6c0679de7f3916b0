// Explains why a tensor is palettized as it is, and what the rules of a config match in a file: the
// `explain` command. The decisions come from the code that plans.
#pragma once

#include <string>

#include "configs/model/explanation.hpp"
#include "io/read/checkpoint_info.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

struct TensorExplanation {
    const DatasetInfo* dataset = nullptr;  // in the CheckpointInfo, which must outlive this
    Explanation how;
    PlanEntry entry;
    Layout layout = Layout::kTorch;
    std::string layout_reason;
    std::string refused;  // why `plan` and `run` refuse the file for this tensor; empty if they do
                          // not
};

/// Explains one tensor, named as find_candidate takes it. Throws Error(kInput) as
/// require_plannable, Error(kUsage) as find_candidate and explain_decision.
[[nodiscard]] TensorExplanation explain_tensor(const CheckpointInfo& info, const Config& config,
                                               const PlanOptions& options,
                                               const std::string& tensor);

/// Explains all rules. Throws as explain_tensor.
[[nodiscard]] RuleSurvey explain_rules(const CheckpointInfo& info, const Config& config,
                                       const PlanOptions& options);
/// Returns whether `plan` accepts the rules.
[[nodiscard]] bool is_accepted(const RuleSurvey& survey, bool allow_unmatched_rules);

}  // namespace pal
