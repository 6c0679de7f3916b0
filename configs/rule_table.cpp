#include "configs/rule_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "configs/layer_types.hpp"
#include "configs/module_path.hpp"
#include "configs/nearest.hpp"

namespace pal {

RuleTable::RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types)
    : config_(config), types_(layer_types) {
    require_types();
    for (const ModuleRule& rule : config.module_type_configs) add_rule(rule, true);
    for (const ModuleRule& rule : config.module_name_configs) add_rule(rule, false);
}

void RuleTable::add_rule(const ModuleRule& rule, bool by_type) {
    Rule added;
    added.rule = &rule;
    added.by_type = by_type;
    added.label =
        fmt::format("{} '{}' ({}{})", by_type ? "module_type_configs" : "module_name_configs",
                    rule.name, config_.source, rule.line > 0 ? fmt::format(":{}", rule.line) : "");
    rules_.push_back(std::move(added));
}

void RuleTable::require_types() const {
    if (!types_.empty()) return;
    const auto has_ops = [](const std::optional<ModuleConfig>& module) {
        return module && !module->op_type_config.empty();
    };
    std::string what;
    if (!config_.module_type_configs.empty())
        what = "module_type_configs '" + config_.module_type_configs[0].name + "'";
    if (has_ops(config_.global_config)) what = "op_type_config of global_config";
    for (const ModuleRule& rule : config_.module_name_configs) {
        if (has_ops(rule.config)) what = "op_type_config of '" + rule.name + "'";
    }
    if (what.empty()) return;
    throw Error(ErrorCode::kUsage,
                config_.source + ": " + what +
                    ": a rule by type, but this file does not say the types of its layers (no "
                    "Keras model_config); use "
                    "module_name_configs, whose patterns match module paths");
}

std::string RuleTable::layer_type(const std::string& module) const {
    const auto components = module_components(module);
    for (auto component = components.rbegin(); component != components.rend(); ++component) {
        if (const auto found = types_.find(*component); found != types_.end()) return found->second;
    }
    return "";
}

/// Whether the rule names this very module, not one above it.
bool RuleTable::names(const Rule& rule, const std::string& module) const {
    if (!rule.by_type) return rule.rule->pattern->matches(module);
    const auto type = types_.find(module.substr(module.rfind('.') + 1));
    return type != types_.end() && same_layer_type(rule.rule->name, type->second);
}

/// Whether a rule covers the module under any of its names; sets own_module.
bool RuleTable::covers(const Rule& rule, const TensorName& name, bool* own_module) const {
    const auto& spellings = name.module_names;
    *own_module = std::any_of(spellings.begin(), spellings.end(),
                              [&](const std::string& module) { return names(rule, module); });
    if (*own_module) return true;
    for (const std::string& module : spellings) {
        for (const std::string& above : with_parents(module)) {
            if (names(rule, above)) return true;
        }
    }
    return false;
}

Winner RuleTable::winner_of(const TensorName& name) {
    modules_.insert(name.module_names.begin(), name.module_names.end());
    const auto [known, is_new] = winners_.try_emplace(name.module_names.front());
    Place& place = known->second;
    if (is_new) {
        std::vector<std::size_t> matching;
        for (std::size_t r = 0; r < rules_.size(); ++r) {
            bool own_module = false;
            if (!covers(rules_[r], name, &own_module)) continue;
            ++rules_[r].matched_modules;
            matching.push_back(r);
            place = {r + 1, own_module};
        }
        for (const std::size_t r : matching) {
            if (r + 1 == place.rule) {
                ++rules_[r].won;
            } else {
                rules_[r].lost_to = place.rule;
            }
        }
    }
    if (place.rule == 0) return {};
    const Rule& rule = rules_[place.rule - 1];
    return {rule.rule, rule.label, rule.by_type, place.own_module};
}

void RuleTable::note_other(const TensorName& name) {
    others_.emplace(name.module_names.front(), name);
}

/// A few of them: the first in the file's order of names.
std::vector<std::string> RuleTable::others_covered_by(const Rule& rule) const {
    constexpr std::size_t kShown = 3;
    std::vector<std::string> covered;
    for (const auto& [module, name] : others_) {
        bool own_module = false;
        if (covered.size() < kShown && covers(rule, name, &own_module)) covered.push_back(module);
    }
    return covered;
}

std::string RuleTable::unmatched_text(const Rule& rule) const {
    const std::string text = rule.label + ": matches no module of this file; ";
    if (!rule.by_type) {
        return text + "a pattern must match a whole module path; the nearest are " +
               nearest_names(rule.rule->name, modules_);
    }
    std::set<std::string> types;
    for (const auto& [layer, type] : types_) types.insert(type);
    return text + fmt::format("its types are {}", fmt::join(types, ", "));
}

std::vector<std::string> RuleTable::warnings(bool allow_unmatched) const {
    std::vector<std::string> texts;
    for (const Rule& rule : rules_) {
        const auto others =
            rule.matched_modules == 0 ? others_covered_by(rule) : std::vector<std::string>{};
        if (!others.empty()) {
            texts.push_back(
                fmt::format("{}: matches {}, where nothing is floating point: nothing "
                            "to palettize",
                            rule.label, fmt::join(others, ", ")));
        } else if (rule.matched_modules == 0) {
            const std::string text = unmatched_text(rule);
            if (!allow_unmatched) {
                throw Error(ErrorCode::kUsage,
                            text + " (--allow-unmatched-rules makes this a warning)");
            }
            texts.push_back(text);
        } else if (rule.won == 0) {
            texts.push_back(rule.label +
                            ": is shadowed: all that it matches is taken by the later " +
                            rules_[rule.lost_to - 1].label);
        }
    }
    return texts;
}

}  // namespace pal
