// A verdict: what the config of a module says of a state.
#pragma once

#include <optional>
#include <string>

#include "configs/model/candidate.hpp"
#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"

namespace pal {

struct Verdict {
    bool known = false;                     // the config names the state
    std::optional<PalettizationSpec> spec;  // nullopt: leave dense
};

/// Looks up a state in the op_state_spec of a module or of one of its entries. Without `specs` the
/// default states get a default spec with the rounding settings of `module`.
[[nodiscard]] Verdict verdict_of_states(const std::optional<StateSpecs>& specs,
                                        const std::string& state, const Layer& layer,
                                        const ModuleConfig& module);

/// Asks the config of a module about a tensor. module_state_spec beats op_name_config beats
/// op_type_config beats op_state_spec; within a level the later entry wins.
/// layer_type  type of the innermost layer on the tensor's path; empty if unknown
/// own_module  the config is for the tensor's own module, so that module_state_spec counts
/// trials      if given, every entry is tried and adds its trial
[[nodiscard]] Verdict verdict_of_module(const ModuleConfig& module, const TensorPath& path,
                                        const std::string& layer_type, bool own_module,
                                        std::vector<Trial>* trials = nullptr);

}  // namespace pal
