#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "configs/config.hpp"
#include "configs/parse_spec.hpp"
#include "configs/presets.hpp"
#include "configs/yaml.hpp"

namespace pal {

namespace {

using yaml::Place;

enum class KeyKind { kType, kPattern };

StateSpecs parse_state_specs(const Place& place) {
    if (yaml::is_null(place)) return {{"*", std::nullopt}};
    StateSpecs specs;
    for (const auto& [state, value] : yaml::entries(place)) {
        if (yaml::is_null(value)) {
            specs.emplace_back(state, std::nullopt);
        } else {
            specs.emplace_back(state, yaml::parse_spec(value));
        }
    }
    return specs;
}

/// Specs for inputs and outputs, which a weight-only compression does not have: upstream writes
/// them empty.
bool is_activation_key(const std::string& key) {
    return key == "op_input_spec" || key == "op_output_spec" || key == "module_input_spec" ||
           key == "module_output_spec";
}

void require_inactive(const Place& place) {
    if (yaml::is_null(place)) return;
    for (const auto& [key, value] : yaml::entries(place)) {
        if (!yaml::is_null(value))
            yaml::fail(value, "palettization is weight-only; leave inputs and outputs out");
    }
}

OpConfig parse_op_config(const Place& place) {
    if (yaml::is_null(place)) return {StateSpecs{{"*", std::nullopt}}};
    yaml::require_known(place, {"op_state_spec", "op_input_spec", "op_output_spec"});
    OpConfig config;
    for (const auto& [key, value] : yaml::entries(place)) {
        if (key == "op_state_spec") config.op_state_spec = parse_state_specs(value);
        if (is_activation_key(key)) require_inactive(value);
    }
    return config;
}

/// What an entry's key says. Compiled here, so that a bad pattern is found in every config that is
/// read, and not only where a tensor comes that far.
std::optional<Pattern> parse_key(KeyKind kind, const std::string& level, const std::string& key,
                                 const Place& value) {
    if (kind == KeyKind::kType) return std::nullopt;
    return Pattern(key, yaml::position(value) + ": " + level + " '" + key + "'");
}

std::vector<OpRule> parse_op_configs(const Place& place, KeyKind kind) {
    std::vector<OpRule> rules;
    if (yaml::is_null(place)) return rules;
    for (const auto& [name, value] : yaml::entries(place)) {
        rules.push_back(
            {name, parse_op_config(value), parse_key(kind, "op_name_config", name, value)});
    }
    return rules;
}

int parse_rounding_precision(const Place& place) {
    const long long decimals = yaml::integer(place, "integers >= 1");
    constexpr long long kMostDecimals = 30;  // beyond the last decimal of any f16
    if (decimals < 1)
        yaml::fail(place, "found " + yaml::shown(place) + ", allowed are integers >= 1");
    return static_cast<int>(std::min(decimals, kMostDecimals));
}

void pass_on_rounding(StateSpecs& specs, const ModuleConfig& config) {
    for (auto& [state, spec] : specs) {
        if (!spec) continue;
        spec->enable_fast_kmeans_mode = config.enable_fast_kmeans_mode;
        spec->rounding_precision = config.rounding_precision;
    }
}

/// Every spec of a module carries the module's rounding settings.
void pass_on_rounding(ModuleConfig& config) {
    if (config.op_state_spec) pass_on_rounding(*config.op_state_spec, config);
    pass_on_rounding(config.module_state_spec, config);
    for (auto* ops : {&config.op_type_config, &config.op_name_config}) {
        for (OpRule& op : *ops) {
            if (op.config.op_state_spec) pass_on_rounding(*op.config.op_state_spec, config);
        }
    }
}

void refuse_rounded_vectors(const Place& place, const ModuleConfig& config) {
    if (!config.op_state_spec) return;
    for (const auto& [state, spec] : *config.op_state_spec) {
        if (!spec || spec->cluster_dim == 1) continue;
        yaml::fail(
            place,
            fmt::format("enable_fast_kmeans_mode does not go with cluster_dim {} (state '{}')",
                        spec->cluster_dim, state));
    }
}

ModuleConfig parse_module_config(const Place& place) {
    yaml::require_known(
        place, {"op_state_spec", "op_type_config", "op_name_config", "module_state_spec",
                "enable_fast_kmeans_mode", "rounding_precision", "op_input_spec", "op_output_spec",
                "module_input_spec", "module_output_spec", "pat_schedule"});
    ModuleConfig config;
    std::optional<Place> asked_for_rounding;
    for (const auto& [key, value] : yaml::entries(place)) {
        if (key == "op_state_spec") config.op_state_spec = parse_state_specs(value);
        if (key == "op_type_config")
            config.op_type_config = parse_op_configs(value, KeyKind::kType);
        if (key == "op_name_config")
            config.op_name_config = parse_op_configs(value, KeyKind::kPattern);
        if (key == "module_state_spec" && !yaml::is_null(value))
            config.module_state_spec = parse_state_specs(value);
        if (key == "enable_fast_kmeans_mode") {
            config.enable_fast_kmeans_mode = yaml::boolean(value);
            if (config.enable_fast_kmeans_mode) asked_for_rounding.emplace(value);
        }
        if (key == "rounding_precision")
            config.rounding_precision = parse_rounding_precision(value);
        if (key == "pat_schedule" && !yaml::is_null(value)) {
            yaml::fail(
                value,
                "training-time settings have no meaning for a checkpoint; leave the key out");
        }
        if (is_activation_key(key)) require_inactive(value);
    }
    if (asked_for_rounding) refuse_rounded_vectors(*asked_for_rounding, config);
    pass_on_rounding(config);
    return config;
}

std::vector<ModuleRule> parse_rules(const Place& place, KeyKind kind) {
    std::vector<ModuleRule> rules;
    if (yaml::is_null(place)) return rules;
    for (const auto& [name, value] : yaml::entries(place)) {
        ModuleRule rule{name, std::nullopt, value.line(),
                        parse_key(kind, "module_name_configs", name, value)};
        if (!yaml::is_null(value)) rule.config = parse_module_config(value);
        rules.push_back(std::move(rule));
    }
    return rules;
}

}  // namespace

Config parse_config(std::string_view text, const std::string& source) {
    const Place document = yaml::load(text, source);
    yaml::require_known(document, {"kmeans_palettization_config", "palettization_spec"});
    Config config;
    config.source = source;
    bool found = false;
    for (const auto& [top, inner] : yaml::entries(document)) {
        if (top != "kmeans_palettization_config")
            continue;  // palettization_spec: a place for anchors
        found = true;
        if (yaml::is_null(inner)) yaml::fail(inner, "found null, a map is wanted");
        yaml::require_known(inner, {"global_config", "module_type_configs", "module_name_configs"});
        for (const auto& [key, value] : yaml::entries(inner)) {
            if (key == "module_type_configs")
                config.module_type_configs = parse_rules(value, KeyKind::kType);
            if (key == "module_name_configs")
                config.module_name_configs = parse_rules(value, KeyKind::kPattern);
            if (key != "global_config") continue;
            config.global_config.reset();
            if (!yaml::is_null(value)) config.global_config = parse_module_config(value);
            if (config.global_config && !config.global_config->module_state_spec.empty()) {
                yaml::fail(value,
                           "global_config cannot have module_state_spec; module_type_configs and "
                           "module_name_configs can");
            }
        }
    }
    if (!found) yaml::fail(document, "kmeans_palettization_config is missing");
    return config;
}

Config load_config(const std::string& file, const std::string& label) {
    if (std::error_code ignored; std::filesystem::is_directory(file, ignored)) {
        throw Error(ErrorCode::kUsage, label + ": is a folder; give a YAML or JSON file");
    }
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (stream) text << stream.rdbuf();
    if (!stream || stream.bad() || text.bad()) {
        throw Error(ErrorCode::kUsage, label + ": cannot be read; give a YAML or JSON file");
    }
    return parse_config(text.str(), file);
}

Config preset_config(const std::string& name) {
    for (const Preset& preset : presets()) {
        if (preset.name == name) return parse_config(preset.yaml, "preset " + name);
    }
    throw Error(ErrorCode::kUsage, fmt::format("--preset: found '{}', allowed are {}", name,
                                               fmt::join(allowed_field_values("preset"), ", ")));
}

std::vector<std::string> allowed_field_values(std::string_view field) {
    if (field != "preset") return yaml::allowed_values(field);
    std::vector<std::string> names;
    for (const Preset& preset : presets()) names.push_back(preset.name);
    return names;
}

Config config_of_spec(const PalettizationSpec& spec) {
    Config config;
    config.source = "options";
    config.global_config->op_state_spec = StateSpecs{{"weight", spec}, {"in_proj_weight", spec}};
    return config;
}

PalettizationSpec spec_from_fields(const std::map<std::string, std::string>& fields) {
    // The fields become a document and go through the same validation as a config file.
    YAML::Node spec(YAML::NodeType::Map);
    for (const auto& [field, text] : fields) {
        YAML::Node value = YAML::Node(text);
        value.SetTag("?");
        if (field == "granularity") {
            spec["granularity"]["type"] = value;
        } else if (field == "axis" || field == "group_size") {
            spec["granularity"][field] = value;
        } else if (field == "lut_dtype" || field == "lut_qscheme" || field == "lut_scale_dtype") {
            spec["lut_qspec"][field.substr(4)] = value;
        } else if (field != "lut_float_min" && field != "lut_float_max") {
            spec[field] = value;
        }
    }
    if (fields.count("lut_float_min") + fields.count("lut_float_max") > 0) {
        for (const char* end : {"lut_float_min", "lut_float_max"}) {
            YAML::Node value;
            if (const auto found = fields.find(end); found != fields.end()) {
                value = found->second;
                value.SetTag("?");
            }
            spec["lut_qspec"]["float_range"].push_back(value);
        }
    }
    const bool grouping = fields.count("axis") + fields.count("group_size") > 0;
    if (grouping && fields.count("granularity") == 0)
        spec["granularity"]["type"] = "per_grouped_channel";
    if (spec["lut_qspec"].IsDefined() && !spec["lut_qspec"]["dtype"].IsDefined()) {
        throw Error(ErrorCode::kUsage,
                    "--lut-qscheme, --lut-scale-dtype and --lut-float-* need --lut-dtype");
    }
    try {
        return yaml::parse_spec({spec, "options", "", {}});
    } catch (const Error& error) {
        // "options:1:1: cluster_dim: found ..." has no line to speak of.
        const std::string text = error.what();
        const std::size_t space = text.find(": ");
        throw Error(ErrorCode::kUsage, "spec options: " + text.substr(space + 2));
    }
}

}  // namespace pal
