// Reads einsum equations: which dimensions of a kernel they make outputs, and which they sum over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "configs/model/layer.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

struct EquationChannels {
    ChannelDims output;
    ChannelDims input;
    std::string note;  // about outputs that do not count, empty where all do
};

/// Reads an equation of Keras' EinsumDense, such as "btd,ndh->btnh". Dimensions count as one only
/// where they are adjacent, so of several runs of outputs the last one counts. Nothing where the
/// equation does not fit a kernel of this rank.
[[nodiscard]] std::optional<EquationChannels> channels_of_equation(std::string_view equation,
                                                                   std::size_t rank);

/// Returns the equation by which a kernel of attention is used: by the name of its module, "query".
/// Empty for other names and ranks. heads_first: KerasHub's Gemma stores (heads, in, size).
[[nodiscard]] std::string_view equation_of_attention(const std::string& module, std::size_t rank,
                                                     bool heads_first);

/// True for a kernel of attention that ends its heads, such as "attention_output".
[[nodiscard]] bool ends_heads(const std::string& module);

}  // namespace pal
