#include "configs/model/states.hpp"

#include <algorithm>
#include <string_view>

namespace pal {

namespace {

using Entry = std::optional<PalettizationSpec>;

/// The later of two entries with one name wins.
const Entry* entry_named(const StateSpecs& specs, std::string_view name) {
    const auto entry = std::find_if(specs.rbegin(), specs.rend(),
                                    [&](const auto& one) { return one.first == name; });
    return entry == specs.rend() ? nullptr : &entry->second;
}

void add_new(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void add_states(std::vector<std::string>& names, const StateSpecs& specs) {
    for (const auto& [state, spec] : specs) {
        if (!spec) continue;
        add_new(names, state);
        if (state == "weight") add_new(names, "kernel");
    }
}

void add_states(std::vector<std::string>& names, const std::optional<StateSpecs>& specs) {
    if (specs) return add_states(names, *specs);
    for (const char* name : {"weight", "in_proj_weight", "kernel"}) add_new(names, name);
}

void add_states(std::vector<std::string>& names, const ModuleConfig& module) {
    add_states(names, module.op_state_spec);
    for (const auto* ops : {&module.op_type_config, &module.op_name_config}) {
        for (const OpRule& op : *ops) add_states(names, op.config.op_state_spec);
    }
    add_states(names, module.module_state_spec);
}

}  // namespace

bool is_default_state(const std::string& state, const Layer& layer, bool every_kernel) {
    if (!is_kernel(layer)) return false;
    return every_kernel || layer.is_weight || state == "in_proj_weight";
}

std::vector<std::string> states_looked_for(const Config& config) {
    std::vector<std::string> names;
    if (config.global_config) add_states(names, *config.global_config);
    for (const auto* rules : {&config.module_type_configs, &config.module_name_configs}) {
        for (const ModuleRule& rule : *rules) {
            if (rule.config) add_states(names, *rule.config);
        }
    }
    return names;
}

const Entry* find_module_state(const StateSpecs& specs, const std::string& state,
                               const Layer& layer) {
    if (const Entry* const own = entry_named(specs, state)) return own;
    if (layer.is_weight) {
        if (const Entry* const weight = entry_named(specs, "weight")) return weight;
    }
    return entry_named(specs, "*");
}

const Entry* find_op_state(const StateSpecs& specs, const std::string& state, const Layer& layer,
                           bool every_kernel) {
    const bool is_of_operation = is_op_state(layer);
    const bool is_common = state == "weight" || state == "bias";
    if (is_of_operation || !is_common) {
        if (const Entry* const own = entry_named(specs, state)) return own;
    }
    if (!is_of_operation) return nullptr;
    if (layer.is_weight || (every_kernel && is_kernel(layer))) {
        if (const Entry* const weight = entry_named(specs, "weight")) return weight;
    }
    return entry_named(specs, "*");
}

}  // namespace pal
