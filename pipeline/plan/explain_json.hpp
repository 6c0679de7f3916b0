// Explanations as JSON, for programs.
#pragma once

#include <string>

#include "pipeline/plan/explain.hpp"

namespace pal {

/// Indented JSON with a line end: the output of `explain --json`.
[[nodiscard]] std::string explanation_json(const TensorExplanation& explanation);
[[nodiscard]] std::string survey_json(const RuleSurvey& survey);

}  // namespace pal
