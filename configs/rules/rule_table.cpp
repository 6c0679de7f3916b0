#include "configs/rules/rule_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::string rule_label(const Config& config, const ModuleRule& rule, bool by_type) {
    return fmt::format("{} '{}' ({}{})", by_type ? "module_type_configs" : "module_name_configs",
                       rule.name, config.source,
                       rule.line > 0 ? fmt::format(":{}", rule.line) : "");
}

std::string global_label(const Config& config) { return "global_config (" + config.source + ")"; }

RuleTable::RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types)
    : config_(config), types_(layer_types) {
    for (const ModuleRule& rule : config.module_type_configs)
        rules_.push_back({&rule, rule_label(config, rule, true), true});
    for (const ModuleRule& rule : config.module_name_configs)
        rules_.push_back({&rule, rule_label(config, rule, false), false});
    for (std::size_t r = 0; r < rules_.size(); ++r) {
        if (!rules_[r].by_type && rules_[r].rule->name.empty()) whole_model_ = r + 1;
    }
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
                    ": a rule by type, but no layer of this file has a type that could be told; "
                    "use module_name_configs, whose patterns match module paths");
}

std::string RuleTable::layer_type(const std::string& module) const {
    for (const std::string& name : with_parents(module)) {
        if (const auto found = types_.find(name); found != types_.end()) return found->second;
    }
    return "";
}

const std::string* RuleTable::own_type(const std::string& module) const {
    const auto type = types_.find(module);
    return type == types_.end() ? nullptr : &type->second;
}

bool RuleTable::names(const Rule& rule, const std::string& module) const {
    if (!rule.by_type) return rule.rule->pattern->matches(module);
    const std::string* type = own_type(module);
    return type != nullptr && same_layer_type(rule.rule->name, *type);
}

/// Tries the rules from the last one on. Rules by type are tried once per type, not per module.
std::size_t RuleTable::last_rule_naming(const std::string& module) {
    const std::size_t type_rules = config_.module_type_configs.size();
    for (std::size_t r = rules_.size(); r > type_rules; --r) {
        if (names(rules_[r - 1], module)) return r;
    }
    const std::string* type = own_type(module);
    if (type == nullptr) return 0;
    const auto [known, is_new] = type_rule_.try_emplace(*type, 0);
    for (std::size_t r = type_rules; is_new && r > 0; --r) {
        if (!same_layer_type(rules_[r - 1].rule->name, *type)) continue;
        known->second = r;
        break;
    }
    return known->second;
}

/// Looks at the topmost module first: what covers a module covers the modules below.
RuleTable::Reach RuleTable::reach_of(const std::string& module) {
    if (const auto known = reach_.find(module); known != reach_.end()) return known->second;
    Reach reach;
    reach.covering = whole_model_;  // the module "" is above all others
    const std::vector<std::string> path = with_parents(module);
    for (auto name = path.rbegin(); name != path.rend(); ++name) {
        const auto [known, is_new] = reach_.try_emplace(*name);
        if (is_new) {
            known->second.naming = last_rule_naming(*name);
            known->second.covering = std::max(known->second.naming, reach.covering);
        }
        reach = known->second;
    }
    return reach;
}

Winner RuleTable::winner_of(const TensorName& name) {
    Reach reach;
    for (const std::string& module : name.module_names) {
        const Reach found = reach_of(module);
        reach.naming = std::max(reach.naming, found.naming);
        reach.covering = std::max(reach.covering, found.covering);
    }
    if (reach.covering == 0) return {};
    const Rule& rule = rules_[reach.covering - 1];
    return {rule.rule, rule.label, rule.by_type, reach.naming == reach.covering, reach.covering};
}

void RuleTable::absorb(const RuleTable& other) {
    for (const auto& [module, theirs] : other.reach_) {
        Reach& reach = reach_[module];
        reach.naming = std::max(reach.naming, theirs.naming);
        reach.covering = std::max(reach.covering, theirs.covering);
    }
}

}  // namespace pal
