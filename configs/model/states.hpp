// State names: the default ones, and the entry of a StateSpecs that covers a state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "configs/model/config.hpp"

namespace pal {

/// True for states that are palettized if no op_state_spec is given: weights and Keras' kernels.
[[nodiscard]] bool is_default_state(const std::string& state);

/// Lists the states that a config could select somewhere, for messages. "*_W" stands for all
/// states with this ending.
[[nodiscard]] std::vector<std::string> states_looked_for(const Config& config);

/// Finds the entry for a state: its own name, else `weight` for Keras' kernels, else "*". Returns a
/// pointer into `specs`; null if no entry covers the state.
[[nodiscard]] const std::optional<PalettizationSpec>* find_state(const StateSpecs& specs,
                                                                 const std::string& state);

}  // namespace pal
