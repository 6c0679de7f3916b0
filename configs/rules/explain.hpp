// Explains the decision on one tensor. The code that decides also tells.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"
#include "configs/model/selection.hpp"

namespace pal {

/// Explains the decision of select_tensors on one candidate. Throws Error(kUsage) for a pattern
/// that backtracks without end and for a bad filter; other rules do not matter.
[[nodiscard]] Explanation explain_decision(const Config& config,
                                           const std::vector<Candidate>& candidates,
                                           const std::map<std::string, std::string>& layer_types,
                                           const SelectionOptions& options, std::size_t candidate);

}  // namespace pal
