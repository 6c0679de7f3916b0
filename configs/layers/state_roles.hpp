// Reads the names of states: Keras 1 to 3, torch, Flax, Haiku, Theano and Lasagne.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/layer.hpp"

namespace pal {

struct StateMeaning {
    TensorRole role = TensorRole::kOther;
    LayerKind kind = LayerKind::kUnknown;  // where only one kind has such a state
    std::optional<DimensionOrder> order;   // where the framework that uses the name has one
    bool is_of_torch = false;              // no entry for `weight` covers it
};

/// Returns what a state name says; nothing if it does not tell ("weight", "0").
[[nodiscard]] std::optional<StateMeaning> meaning_of_state(const std::string& state);

/// Returns the number of a numbered variable ("3", "param_3"); nothing for a name.
[[nodiscard]] std::optional<std::size_t> variable_number(const std::string& state);

/// Returns what the variables of a Keras layer mean, in their order: kernel, bias, ... Empty for
/// kinds that have no fixed list.
[[nodiscard]] std::vector<StateMeaning> variables_of(LayerKind kind);

/// Returns the name that the bias of a kernel has: "kernel" -> "bias", "lstm_1_W_i" ->
/// "lstm_1_b_i", "nn_weights_3" -> "nn_bias_3", "down_proj" -> "down_proj_bias". Several may fit.
[[nodiscard]] std::vector<std::string> bias_names_of(const std::string& kernel);

}  // namespace pal
