// State names: the default ones, and the entry of a state spec that covers a state. Only for
// configs/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "configs/model/config.hpp"

namespace pal {

/// A state that is palettized where no op_state_spec says otherwise: weights and Keras' kernels.
[[nodiscard]] bool is_default_state(const std::string& state);

/// The states that a config could select somewhere, for messages; "*_W": all that end so.
[[nodiscard]] std::vector<std::string> states_looked_for(const Config& config);

/// The entry for a state: its own name, `weight` for Keras' kernels, then "*". Null: the specs do
/// not name it. Points into `specs`.
[[nodiscard]] const std::optional<PalettizationSpec>* find_state(const StateSpecs& specs,
                                                                 const std::string& state);

}  // namespace pal
