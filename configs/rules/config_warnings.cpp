#include "configs/rules/config_warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "configs/model/layer_types.hpp"
#include "configs/model/module_path.hpp"
#include "configs/model/states.hpp"
#include "configs/rules/rule_table.hpp"
#include "configs/text/nearest.hpp"

namespace pal {

namespace {

/// Returns the module that a pattern without any syntax but dots names; else nullopt.
std::optional<std::string> plain_module(const std::string& pattern) {
    std::string module;
    for (std::size_t c = 0; c < pattern.size(); ++c) {
        const char next = c + 1 < pattern.size() ? pattern[c + 1] : '\0';
        if (pattern[c] == '\\' && next == '.') continue;
        if (std::string_view("\\^$*+?()[]{}|").find(pattern[c]) != std::string_view::npos)
            return std::nullopt;
        module += pattern[c];
    }
    return module;
}

/// Warns of rules for one module that a later rule takes in every file.
void warn_of_taken_modules(const Config& config, std::vector<std::string>& warnings) {
    constexpr std::size_t kMostRules = 1000;  // each is compared with each
    const std::vector<ModuleRule>& rules = config.module_name_configs;
    if (rules.size() > kMostRules) return;
    for (std::size_t r = 0; r < rules.size(); ++r) {
        const auto module = plain_module(rules[r].name);
        if (!module) continue;
        const std::vector<std::string> names = with_parents(*module);
        const auto taker = std::find_if(
            rules.begin() + static_cast<std::ptrdiff_t>(r) + 1, rules.end(),
            [&](const ModuleRule& later) {
                return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
                    return later.pattern->matches(name);
                });
            });
        if (taker == rules.end()) continue;
        warnings.push_back(fmt::format("{}: module {} is taken by the later {}",
                                       rule_label(config, rules[r], false), *module,
                                       rule_label(config, *taker, false)));
    }
}

void warn_of_type(const std::string& label, const std::string& name,
                  const std::vector<std::string>& known, std::vector<std::string>& warnings) {
    const std::string type = short_layer_type(name);
    if (std::binary_search(known.begin(), known.end(), type)) return;
    const std::string near = nearest(type, known);
    if (near.empty()) return;  // probably a layer of the user's own
    warnings.push_back(
        fmt::format("{}: '{}' is no type known here, did you mean '{}'?", label, type, near));
}

void warn_of_op_types(const std::string& label, const std::optional<ModuleConfig>& module,
                      const std::vector<std::string>& known, std::vector<std::string>& warnings) {
    if (!module) return;
    for (const OpRule& op : module->op_type_config)
        warn_of_type("op_type_config '" + op.name + "' of " + label, op.name, known, warnings);
}

}  // namespace

std::vector<std::string> config_warnings(const Config& config) {
    std::vector<std::string> warnings;
    if (!config.note.empty()) warnings.push_back(config.note);
    if (states_looked_for(config).empty()) {
        warnings.push_back(config.source +
                           ": selects no state at all; without --include nothing is palettized");
    }
    const std::vector<std::string> known = known_layer_types();
    warn_of_op_types(global_label(config), config.global_config, known, warnings);
    for (const ModuleRule& rule : config.module_type_configs) {
        const std::string label = rule_label(config, rule, true);
        warn_of_type(label, rule.name, known, warnings);
        warn_of_op_types(label, rule.config, known, warnings);
    }
    for (const ModuleRule& rule : config.module_name_configs)
        warn_of_op_types(rule_label(config, rule, false), rule.config, known, warnings);
    warn_of_taken_modules(config, warnings);
    return warnings;
}

}  // namespace pal
