// What the config of a module says of a tensor in it. Only for configs/.
#pragma once

#include <optional>
#include <string>

#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"

namespace pal {

/// known: the config names the state; spec: nullopt = leave dense.
struct Verdict {
    bool known = false;
    std::optional<PalettizationSpec> spec;
};

/// `specs` of `module`, or the default state names where there are none.
[[nodiscard]] Verdict verdict_of_states(const std::optional<StateSpecs>& specs,
                                        const std::string& state, const ModuleConfig& module);

/// module_state_spec (of the tensor's own module only) beats op_name_config beats op_type_config
/// beats op_state_spec. layer_type: the tensor's layer's, empty where unknown. Where `trials` is
/// given, each entry is looked at, and what came of it is added there.
[[nodiscard]] Verdict verdict_of_module(const ModuleConfig& module, const TensorName& name,
                                        const std::string& layer_type, bool own_module,
                                        std::vector<Trial>* trials = nullptr);

}  // namespace pal
