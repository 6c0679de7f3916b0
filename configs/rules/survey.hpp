// Surveys the rules of a config over a file: what each decides, and everything that is wrong.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"
#include "configs/model/selection.hpp"

namespace pal {

/// Collects everything that select_tensors warns of or refuses. Throws Error(kUsage) for a pattern
/// that backtracks without end and for a bad filter.
[[nodiscard]] RuleSurvey survey_rules(const Config& config,
                                      const std::vector<Candidate>& candidates,
                                      const std::map<std::string, std::string>& layer_types,
                                      const SelectionOptions& options);

}  // namespace pal
