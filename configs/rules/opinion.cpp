#include "configs/rules/opinion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "configs/model/module_path.hpp"
#include "configs/model/pattern.hpp"
#include "configs/rules/verdict.hpp"

namespace pal {

namespace {

bool is_optimizer_state(const std::string& module) {
    const auto components = module_components(module);
    return std::any_of(components.begin(), components.end(), [](const std::string& component) {
        return component == "optimizer" || component == "optimizer_weights";
    });
}

bool is_embedding(const std::string& module, const std::string& state) {
    static const Pattern kEmbedding(
        "(?i)(.*[._])?(embed|embeds|embedding|embeddings|wte|wpe)([._].*)?", "embedding names");
    return state == "embeddings" || kEmbedding.matches(module);
}

/// Returns the reason why the winner may not select a tensor; null if it may.
const char* exemption(const Winner& winner, const TensorName& name) {
    const bool by_rule = winner.rule != nullptr;
    const std::string& module = name.module_names.front();
    if ((!by_rule || winner.by_type) && is_optimizer_state(module))
        return "optimizer state; a name rule or --include can select it";
    if (!by_rule && is_embedding(module, name.state_name))
        return "an embedding; a rule or --include can select it";
    return nullptr;
}

}  // namespace

Opinion opinion_of(const Config& config, RuleTable& rules, const TensorName& name,
                   std::vector<Trial>* trials) {
    Opinion opinion;
    opinion.winner = rules.winner_of(name);
    const Winner& winner = opinion.winner;
    if (const char* reason = exemption(winner, name)) {
        opinion.exempt = true;
        opinion.reason = reason;
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
        *module, name, rules.layer_type(name.module_names.front()), winner.own_module, trials);
    opinion.known = verdict.known;
    opinion.spec = verdict.spec;
    opinion.reason =
        !verdict.known ? fmt::format("state '{}' is not named by {}", name.state_name, label)
        : verdict.spec ? label
                       : fmt::format("state '{}' is null in {}", name.state_name, label);
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
