#include "configs/rules/opinion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "configs/rules/verdict.hpp"

namespace pal {

namespace {

/// True if the winner may not select a tensor.
bool is_exempt(const Winner& winner, const Layer& layer) {
    return layer.role == TensorRole::kOptimizerSlot && (winner.rule == nullptr || winner.by_type);
}

/// Reason why a config leaves a state alone that it does not name.
std::string not_named(const TensorPath& path, const std::string& label) {
    const Layer& layer = path.layer;
    constexpr std::string_view kWayOut = "--include or a rule's module_state_spec takes it in";
    if (layer.kind == LayerKind::kActivation)
        return fmt::format("'{}' of an activation; {}", path.name.state_name, kWayOut);
    if (is_kernel(layer) || layer.role == TensorRole::kOther)
        return fmt::format("state '{}' is not named by {}", path.name.state_name, label);
    const std::string_view role = role_name(layer.role);
    return fmt::format("a{} {}; {}", role.front() == 'e' ? "n" : "", role, kWayOut);
}

}  // namespace

Opinion opinion_of(const Config& config, RuleTable& rules, const TensorPath& path,
                   std::vector<Trial>* trials) {
    Opinion opinion;
    opinion.winner = rules.winner_of(path.name);
    const Winner& winner = opinion.winner;
    if (is_exempt(winner, path.layer)) {
        opinion.exempt = true;
        opinion.reason = "optimizer state; --drop-optimizer leaves it out, --include takes it in";
        return opinion;
    }
    const bool by_rule = winner.rule != nullptr;
    const std::optional<ModuleConfig>& module =
        by_rule ? winner.rule->config : config.global_config;
    const std::string label = by_rule ? winner.label : global_label(config);
    if (!module) {
        opinion.known = true;
        opinion.reason = label + " is null";
        return opinion;
    }
    const Verdict verdict = verdict_of_module(
        *module, path, rules.layer_type(path.name.module_names.front()), winner.own_module, trials);
    opinion.known = verdict.known;
    opinion.spec = verdict.spec;
    opinion.reason = !verdict.known ? not_named(path, label)
                     : verdict.spec
                         ? label
                         : fmt::format("state '{}' is null in {}", path.name.state_name, label);
    return opinion;
}

std::size_t strongest(const std::vector<Opinion>& opinions) {
    const auto strength = [](const Opinion& opinion) {
        return std::tuple(opinion.known, opinion.winner.number, opinion.spec.has_value());
    };
    std::size_t best = 0;
    for (std::size_t n = 1; n < opinions.size(); ++n) {
        if (strength(opinions[n]) > strength(opinions[best])) best = n;
    }
    return best;
}

}  // namespace pal
