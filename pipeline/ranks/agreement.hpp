// Steps that all ranks of a job take together. If a step fails on one rank, all stop and rank 0
// logs why.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/ranks/ranks.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

/// Thrown on all ranks after a step failed on some; the reason is logged already.
struct JobFailed {
    ErrorCode code;
};

/// Result of a step on one rank.
struct StepResult {
    int code = 0;      // an ErrorCode, or 0
    std::string text;  // for the other ranks; or why it failed, empty if the rank logged it itself
};

/// Runs a step. Exceptions become its result.
[[nodiscard]] StepResult result_of(const std::function<std::string()>& step);

/// Returns the messages about failed steps. A message that all ranks share comes once; others have
/// the rank in front. If ranks were interrupted and none failed otherwise, `stopped` is the
/// message.
[[nodiscard]] std::vector<std::string> failures_of(const std::vector<StepResult>& results,
                                                   const std::string& stopped);
/// Exit code of the job: 0, or that of the first failure that is no interruption, if there is one.
[[nodiscard]] int code_of(const std::vector<StepResult>& results);

/// Runs the step on every rank; all ranks call this. Returns the texts of all ranks, by rank. If
/// the step fails on one rank, rank 0 logs why and all throw JobFailed.
std::vector<std::string> take_step(const Ranks& ranks, const std::string& stopped,
                                   const std::function<std::string()>& step);

}  // namespace pal
