// Explanations as text, for people.
#pragma once

#include <string>

#include "pipeline/plan/explain.hpp"

namespace pal {

[[nodiscard]] std::string explanation_text(const TensorExplanation& explanation);
[[nodiscard]] std::string survey_text(const RuleSurvey& survey);

}  // namespace pal
