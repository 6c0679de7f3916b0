// Which entry of a state spec covers a state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "configs/model/config.hpp"
#include "configs/model/layer.hpp"

namespace pal {

/// True for states that are palettized if no op_state_spec is given: every kernel. Without
/// `every_kernel`, as in configurations from a file, those that `weight` and in_proj_weight cover.
[[nodiscard]] bool is_default_state(const std::string& state, const Layer& layer,
                                    bool every_kernel);

/// Lists the states that a config could select somewhere, for messages.
[[nodiscard]] std::vector<std::string> states_looked_for(const Config& config);

/// Finds the entry of a module_state_spec for a state: its own name, else `weight` for what is a
/// weight in other frameworks, else "*". Returns a pointer into `specs`; null if no entry covers
/// the state.
[[nodiscard]] const std::optional<PalettizationSpec>* find_module_state(const StateSpecs& specs,
                                                                        const std::string& state,
                                                                        const Layer& layer);

/// Finds the entry of an op_state_spec likewise. `weight`, `bias` and "*" cover states of
/// operations only: kernels and biases of linear, convolution, attention and recurrent layers.
/// every_kernel: `weight` covers every kernel, torch's recurrent ones too.
[[nodiscard]] const std::optional<PalettizationSpec>* find_op_state(const StateSpecs& specs,
                                                                    const std::string& state,
                                                                    const Layer& layer,
                                                                    bool every_kernel);

}  // namespace pal
