// Steps that all ranks of a job take together: where one fails all stop, and one says why.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/ranks/ranks.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

/// A step failed on some rank, and that was said.
struct JobFailed {
    ErrorCode code;
};

/// What a step came to on a rank.
struct StepResult {
    int code = 0;      // an ErrorCode, or 0
    std::string text;  // what the rank has for the others, or why it failed; empty: it said so
};

/// Runs it; what it throws becomes the result.
[[nodiscard]] StepResult result_of(const std::function<std::string()>& step);

/// What there is to say of the failures: what all ranks say once, else with the rank in front;
/// of interruptions only where nothing else failed, and `stopped` then.
[[nodiscard]] std::vector<std::string> failures_of(const std::vector<StepResult>& results,
                                                   const std::string& stopped);
/// The job's: 0, or that of the first that was not interrupted.
[[nodiscard]] int code_of(const std::vector<StepResult>& results);

/// Every rank runs the step; returns what each has to say, by rank. Throws JobFailed on all where
/// it failed on one; rank 0 logs why.
std::vector<std::string> take_step(const Ranks& ranks, const std::string& stopped,
                                   const std::function<std::string()>& step);

}  // namespace pal
