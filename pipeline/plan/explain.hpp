// Why a tensor becomes what it becomes, and what the rules of a config come to in a file: what
// `explain` prints. Decided by the code that plans, and told as text or as JSON.
#pragma once

#include <string>

#include "configs/model/explanation.hpp"
#include "io/checkpoint_info.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

struct TensorExplanation {
    const DatasetInfo* dataset = nullptr;  // of the CheckpointInfo, which must outlive this
    Explanation how;
    PlanEntry entry;
    AxisMap axes;
    Layout layout = Layout::kTorch;
    std::string layout_reason;
    std::string refused;  // why `plan` and `run` refuse the file for this tensor; else empty
};

/// `tensor`: as find_candidate takes it. Throws Error(kInput) for a file of which no plan is made,
/// Error(kUsage) as find_candidate and explain_decision.
[[nodiscard]] TensorExplanation explain_tensor(const CheckpointInfo& info, const Config& config,
                                               const PlanOptions& options,
                                               const std::string& tensor);

/// Throws as explain_tensor.
[[nodiscard]] RuleSurvey explain_rules(const CheckpointInfo& info, const Config& config,
                                       const PlanOptions& options);
/// Whether `plan` accepts the rules.
[[nodiscard]] bool is_accepted(const RuleSurvey& survey, bool allow_unmatched_rules);

}  // namespace pal
