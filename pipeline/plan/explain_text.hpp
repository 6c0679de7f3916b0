// Explanations as text, for people.
#pragma once

#include <string>

#include "pipeline/plan/explain.hpp"

namespace pal {

/// Several lines, safe to show on a terminal.
[[nodiscard]] std::string explanation_text(const TensorExplanation& explanation);
[[nodiscard]] std::string survey_text(const RuleSurvey& survey);

}  // namespace pal
