#include "configs/model/make_config.hpp"

#include <fmt/format.h>

#include <cctype>

namespace pal {

namespace {

/// Returns a pattern that matches this text only. Writes bytes that a config file cannot hold as
/// numbers.
std::string literal_pattern(const std::string& text) {
    std::string pattern;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7F) {
            pattern += fmt::format("\\x{:02x}", byte);
        } else {
            if (std::isalnum(byte) == 0 && c != '_' && c != '-' && c != '/' && c != ' ')
                pattern += '\\';
            pattern += c;
        }
    }
    return pattern;
}

}  // namespace

Config config_of_spec(const PalettizationSpec& spec) {
    Config config;
    config.source = "options";
    config.global_config->op_state_spec = StateSpecs{{"weight", spec}, {"in_proj_weight", spec}};
    config.global_config->every_kernel = true;
    return config;
}

Config config_of_modules(const ModuleSpecs& modules) {
    Config config;
    config.source = "options";
    config.global_config.reset();
    // The map orders a module before the modules below it, and the later rule wins.
    for (const auto& [module, states] : modules) {
        ModuleRule rule;
        rule.name = literal_pattern(module);
        rule.pattern.emplace(rule.name, "module_name_configs '" + rule.name + "'");
        rule.config.emplace();
        rule.config->op_state_spec = StateSpecs{{"*", std::nullopt}};
        for (const auto& [state, spec] : states) {
            rule.config->module_state_spec.emplace_back(state, spec);
            if (!spec) continue;
            rule.config->enable_fast_kmeans_mode = spec->enable_fast_kmeans_mode;
            rule.config->rounding_precision = spec->rounding_precision;
        }
        config.module_name_configs.push_back(std::move(rule));
    }
    return config;
}

}  // namespace pal
