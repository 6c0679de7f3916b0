// An opinion: what the config says of a tensor by one of its paths.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"
#include "configs/model/tensor_name.hpp"
#include "configs/rules/rule_table.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

struct Opinion {
    Winner winner;
    bool known = false;   // the winner's config names the state, if only to leave it dense
    bool exempt = false;  // the winner may not select this: optimizer state, embeddings
    std::optional<PalettizationSpec> spec;  // nullopt: dense
    std::string reason;
};

/// Finds the rule that wins for a name and asks its config about the state. Two kinds of tensors
/// are exempt: optimizer state, which only a name rule selects, and embeddings, which only a rule
/// selects. If `trials` is given, every entry of the winner's config adds its trial.
[[nodiscard]] Opinion opinion_of(const Config& config, RuleTable& rules, const TensorName& name,
                                 std::vector<Trial>* trials = nullptr);

/// Index of the opinion that counts. Opinions that know the state come first, then the stronger
/// rule (names beat types beat global_config, the later entry wins), then the one with a spec.
[[nodiscard]] std::size_t strongest(const std::vector<Opinion>& opinions);

}  // namespace pal
