#include "configs/verdict.hpp"

#include <algorithm>

#include "configs/layer_types.hpp"
#include "configs/module_path.hpp"
#include "configs/states.hpp"

namespace pal {

Verdict verdict_of_states(const std::optional<StateSpecs>& specs, const std::string& state,
                          const ModuleConfig& module) {
    if (!specs) {
        if (!is_default_state(state)) return {};
        PalettizationSpec spec;
        spec.enable_fast_kmeans_mode = module.enable_fast_kmeans_mode;
        spec.rounding_precision = module.rounding_precision;
        return {true, spec};
    }
    const auto* found = find_state(*specs, state);
    return found == nullptr ? Verdict{} : Verdict{true, *found};
}

Verdict verdict_of_module(const ModuleConfig& module, const TensorName& name,
                          const std::string& layer_type, bool own_module) {
    if (own_module) {
        if (const auto* found = find_state(module.module_state_spec, name.state_name))
            return {true, *found};
    }
    for (auto op = module.op_name_config.rbegin(); op != module.op_name_config.rend(); ++op) {
        const bool hit = std::any_of(name.module_names.begin(), name.module_names.end(),
                                     [&](const std::string& module_name) {
                                         return op->pattern->matches(module_name);
                                     }) ||
                         op->pattern->matches(module_components(name.module_names.front()).back());
        if (hit) return verdict_of_states(op->config.op_state_spec, name.state_name, module);
    }
    for (auto op = module.op_type_config.rbegin(); op != module.op_type_config.rend(); ++op) {
        if (same_layer_type(op->name, layer_type)) {
            return verdict_of_states(op->config.op_state_spec, name.state_name, module);
        }
    }
    return verdict_of_states(module.op_state_spec, name.state_name, module);
}

}  // namespace pal
