#include "configs/model/states.hpp"

#include <algorithm>
#include <array>

namespace pal {

namespace {

constexpr std::array<const char*, 2> kTorchWeights{"weight", "in_proj_weight"};
/// Endings of state names in Keras 1 and in Theano policies.
constexpr std::array<const char*, 6> kKerasKernels{
    "kernel", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel", "W", "U"};
constexpr std::array<const char*, 2> kKerasSuffixes{"_W", "_U"};
/// Default state too, but an embedding stays dense unless a rule names its layer.
constexpr const char* kKerasEmbeddings = "embeddings";

template <std::size_t count>
bool is_one_of(const std::string& state, const std::array<const char*, count>& names) {
    return std::find(names.begin(), names.end(), state) != names.end();
}

/// True for the states that an entry for `weight` covers in a Keras file.
bool is_keras_kernel(const std::string& state) {
    return state == kKerasEmbeddings || is_one_of(state, kKerasKernels) ||
           std::any_of(kKerasSuffixes.begin(), kKerasSuffixes.end(),
                       [&](const char* suffix) { return state.ends_with(suffix); });
}

void add_new(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void add_keras_kernels(std::vector<std::string>& names) {
    for (const char* kernel : kKerasKernels) add_new(names, kernel);
    for (const char* suffix : kKerasSuffixes) add_new(names, std::string("*") + suffix);
}

void add_states(std::vector<std::string>& names, const StateSpecs& specs) {
    for (const auto& [state, spec] : specs) {
        if (!spec) continue;
        add_new(names, state);
        if (state == "weight") add_keras_kernels(names);
    }
}

void add_states(std::vector<std::string>& names, const std::optional<StateSpecs>& specs) {
    if (specs) return add_states(names, *specs);
    for (const char* weight : kTorchWeights) add_new(names, weight);
    add_keras_kernels(names);
}

void add_states(std::vector<std::string>& names, const ModuleConfig& module) {
    add_states(names, module.op_state_spec);
    for (const auto* ops : {&module.op_type_config, &module.op_name_config}) {
        for (const OpRule& op : *ops) add_states(names, op.config.op_state_spec);
    }
    add_states(names, module.module_state_spec);
}

}  // namespace

bool is_default_state(const std::string& state) {
    return is_one_of(state, kTorchWeights) || is_keras_kernel(state);
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

const std::optional<PalettizationSpec>* find_state(const StateSpecs& specs,
                                                   const std::string& state) {
    const auto named = [&](const std::string& name) -> const std::optional<PalettizationSpec>* {
        for (auto entry = specs.rbegin(); entry != specs.rend(); ++entry) {
            if (entry->first == name) return &entry->second;
        }
        return nullptr;
    };
    if (const auto* found = named(state)) return found;
    if (is_keras_kernel(state)) {
        if (const auto* found = named("weight")) return found;
    }
    return named("*");
}

}  // namespace pal
