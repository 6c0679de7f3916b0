#include "configs/model/make_config.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <string_view>

#include "configs/model/utf8.hpp"

namespace pal {

namespace {

/// Returns a pattern that matches this text only, in ASCII.
std::string literal_pattern(const std::string& text) {
    std::string pattern;
    const std::string characters = as_utf8(text);
    std::string_view rest = characters;
    while (!rest.empty()) {
        const std::size_t bytes = utf8_character_bytes(rest);
        const std::uint32_t code = utf8_code_point(rest, bytes);
        const auto c = static_cast<char>(code);
        if (code > 0xFFFF) {
            pattern += fmt::format("\\U{:08x}", code);
        } else if (code >= 0x7F || code < 0x20) {
            pattern += fmt::format("\\u{:04x}", code);
        } else {
            if (std::isalnum(static_cast<int>(code)) == 0 && c != '_' && c != '-' && c != '/' &&
                c != ' ')
                pattern += '\\';
            pattern += c;
        }
        rest.remove_prefix(bytes);
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
