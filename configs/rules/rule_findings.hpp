// Fates of the rules after all tensors are decided: which rules come to nothing, and why.
#pragma once

#include <string>
#include <vector>

#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"
#include "configs/rules/rule_usage.hpp"

namespace pal {

/// Finds the fate of each rule in one file, in the order of the table. The counts stay 0.
[[nodiscard]] std::vector<RuleFinding> rule_findings(const FileRules& rules);

/// Warns of rules that are shadowed, match only modules without floating-point tensors, or name no
/// state that their modules have. A rule that matches nothing throws Error(kUsage), unless
/// `allow_unmatched` makes it a warning. With several files (at least one), a rule comes to nothing
/// only if it does so in all of them.
[[nodiscard]] std::vector<std::string> rule_warnings(const Config& config,
                                                     const std::vector<FileRules>& files,
                                                     bool allow_unmatched);

}  // namespace pal
