#include "configs/write/config_json.hpp"

#include <fmt/format.h>

namespace pal {

namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte < 0x20) {
            result += fmt::format("\\u{:04x}", byte);
        } else {
            result += c;
        }
    }
    return result + "\"";
}

std::string states_json(const StateSpecs& specs) {
    std::string json;
    for (const auto& [state, spec] : specs) {
        json += fmt::format("{}{}:{}", json.empty() ? "" : ",", quoted(state),
                            spec ? spec_to_json(*spec) : "null");
    }
    return "{" + json + "}";
}

std::string ops_json(const std::vector<OpRule>& ops) {
    std::string json;
    for (const OpRule& op : ops) {
        const auto& states = op.config.op_state_spec;
        json += fmt::format("{}{}:{{{}}}", json.empty() ? "" : ",", quoted(op.name),
                            states ? "\"op_state_spec\":" + states_json(*states) : "");
    }
    return "{" + json + "}";
}

std::string module_json(const std::optional<ModuleConfig>& config) {
    if (!config) return "null";
    std::string json;
    if (config->op_state_spec)
        json += "\"op_state_spec\":" + states_json(*config->op_state_spec) + ",";
    if (!config->op_type_config.empty())
        json += "\"op_type_config\":" + ops_json(config->op_type_config) + ",";
    if (!config->op_name_config.empty())
        json += "\"op_name_config\":" + ops_json(config->op_name_config) + ",";
    if (!config->module_state_spec.empty()) {
        json += "\"module_state_spec\":" + states_json(config->module_state_spec) + ",";
    }
    // Left out if true, the default: written out, it would refuse vectors.
    if (!config->enable_fast_kmeans_mode) json += "\"enable_fast_kmeans_mode\":false,";
    return "{" + json + fmt::format("\"rounding_precision\":{}}}", config->rounding_precision);
}

std::string rules_json(const std::vector<ModuleRule>& rules) {
    std::string json;
    for (const ModuleRule& rule : rules) {
        json += fmt::format("{}{}:{}", json.empty() ? "" : ",", quoted(rule.name),
                            module_json(rule.config));
    }
    return "{" + json + "}";
}

}  // namespace

std::string config_to_json(const Config& config) {
    return fmt::format(
        R"({{"kmeans_palettization_config":{{"global_config":{},"module_type_configs":{},"module_name_configs":{}}}}})",
        module_json(config.global_config), rules_json(config.module_type_configs),
        rules_json(config.module_name_configs));
}

}  // namespace pal
