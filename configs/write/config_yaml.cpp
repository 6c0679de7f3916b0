#include "configs/write/config_yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace pal {

namespace {

void put_spec(YAML::Emitter& out, const PalettizationSpec& spec) {
    out << YAML::Flow << YAML::BeginMap << YAML::Key << "n_bits" << YAML::Value << spec.n_bits;
    const Granularity& granularity = spec.granularity;
    if (granularity.kind == GranularityKind::kPerGroupedChannel) {
        out << YAML::Key << "granularity" << YAML::Value << YAML::BeginMap;
        out << YAML::Key << "type" << YAML::Value << "per_grouped_channel";
        out << YAML::Key << "axis" << YAML::Value << granularity.axis;
        out << YAML::Key << "group_size" << YAML::Value << granularity.group_size;
        if (granularity.partial_groups)
            out << YAML::Key << "partial_groups" << YAML::Value << "allow";
        out << YAML::EndMap;
    }
    if (spec.cluster_dim > 1) out << YAML::Key << "cluster_dim" << YAML::Value << spec.cluster_dim;
    if (spec.enable_per_channel_scale)
        out << YAML::Key << "enable_per_channel_scale" << YAML::Value << true;
    if (spec.lut_qspec) {
        const LutQSpec& lut = *spec.lut_qspec;
        out << YAML::Key << "lut_qspec" << YAML::Value << YAML::BeginMap;
        out << YAML::Key << "dtype" << YAML::Value << std::string(lut_dtype_name(lut.dtype));
        out << YAML::Key << "qscheme" << YAML::Value << std::string(qscheme_name(lut.qscheme));
        if (lut.e8m0_scale) out << YAML::Key << "scale_dtype" << YAML::Value << "float8_e8m0fnu";
        if (lut.float_min || lut.float_max) {
            out << YAML::Key << "float_range" << YAML::Value << YAML::BeginSeq;
            for (const auto& end : {lut.float_min, lut.float_max})
                end ? out << fmt::format("{}", *end) : out << YAML::Null;
            out << YAML::EndSeq;
        }
        out << YAML::EndMap;
    }
    out << YAML::EndMap << YAML::Block;
}

void put_states(YAML::Emitter& out, const char* key, const StateSpecs& specs) {
    out << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const auto& [state, spec] : specs) {
        out << YAML::Key << YAML::DoubleQuoted << state << YAML::Value;
        spec ? put_spec(out, *spec) : static_cast<void>(out << YAML::Null);
    }
    out << YAML::EndMap;
}

void put_ops(YAML::Emitter& out, const char* key, const std::vector<OpRule>& ops) {
    if (ops.empty()) return;
    out << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const OpRule& op : ops) {
        out << YAML::Key << YAML::DoubleQuoted << op.name << YAML::Value << YAML::BeginMap;
        if (op.config.op_state_spec) put_states(out, "op_state_spec", *op.config.op_state_spec);
        out << YAML::EndMap;
    }
    out << YAML::EndMap;
}

void put_module(YAML::Emitter& out, const std::optional<ModuleConfig>& config) {
    if (!config) {
        out << YAML::Null;
        return;
    }
    out << YAML::BeginMap;
    if (config->op_state_spec) put_states(out, "op_state_spec", *config->op_state_spec);
    put_ops(out, "op_type_config", config->op_type_config);
    put_ops(out, "op_name_config", config->op_name_config);
    if (!config->module_state_spec.empty())
        put_states(out, "module_state_spec", config->module_state_spec);
    // Left out if true, the default: written out, it would refuse vectors.
    if (!config->enable_fast_kmeans_mode)
        out << YAML::Key << "enable_fast_kmeans_mode" << YAML::Value << false;
    if (config->rounding_precision != ModuleConfig{}.rounding_precision)
        out << YAML::Key << "rounding_precision" << YAML::Value << config->rounding_precision;
    out << YAML::EndMap;
}

void put_rules(YAML::Emitter& out, const char* key, const std::vector<ModuleRule>& rules) {
    if (rules.empty()) return;
    out << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const ModuleRule& rule : rules) {
        out << YAML::Key << YAML::DoubleQuoted << rule.name << YAML::Value;
        put_module(out, rule.config);
    }
    out << YAML::EndMap;
}

}  // namespace

std::string config_to_yaml(const Config& config) {
    YAML::Emitter out;
    out << YAML::BeginMap << YAML::Key << "kmeans_palettization_config" << YAML::Value
        << YAML::BeginMap;
    out << YAML::Key << "global_config" << YAML::Value;
    put_module(out, config.global_config);
    put_rules(out, "module_type_configs", config.module_type_configs);
    put_rules(out, "module_name_configs", config.module_name_configs);
    out << YAML::EndMap << YAML::EndMap;
    return std::string(out.c_str()) + "\n";
}

}  // namespace pal
