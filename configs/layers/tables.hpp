// Recognizes tables that are no kernels: embeddings, tokens, positions and codebooks.
#pragma once

#include <string>

#include "configs/layers/module.hpp"

namespace pal {

/// True for a module that is called an embedding and has no bias, which no embedding has.
[[nodiscard]] bool is_called_embedding(const Module& module);

/// Tells why a numbered variable of two or more dimensions is a table. Empty if it is none.
/// is_called_head: its module has the name of an attention's query, key, value or output.
[[nodiscard]] std::string evidence_of_table(const Module& module, const Member& member,
                                            bool is_called_head);

/// True for values that are added to the heads of the attention in this module.
[[nodiscard]] bool is_bias_of_query(const Module& module, const Member& member);

}  // namespace pal
