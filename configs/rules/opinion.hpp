// An opinion: what the config says of a tensor by one of its paths.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"
#include "configs/rules/rule_table.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

struct Opinion {
    Winner winner;
    bool known = false;   // the winner's config names the state, if only to leave it dense
    bool exempt = false;  // the winner may not select this: optimizer state
    std::optional<PalettizationSpec> spec;  // nullopt: dense
    std::string reason;
};

/// Finds the rule that wins for a path and asks its config about the state. Optimizer state is
/// exempt: only a name rule selects it. If `trials` is given, every entry of the winner's config
/// adds its trial.
[[nodiscard]] Opinion opinion_of(const Config& config, RuleTable& rules, const TensorPath& path,
                                 std::vector<Trial>* trials = nullptr);

/// Index of the opinion that counts. Opinions that know the state come first, then the stronger
/// rule (names beat types beat global_config, the later entry wins), then the one with a spec.
[[nodiscard]] std::size_t strongest(const std::vector<Opinion>& opinions);

}  // namespace pal
