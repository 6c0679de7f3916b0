// Finds the entries of --types that name no module: a typing error must not pass in silence.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/candidate.hpp"

namespace pal {

/// Returns a message for each entry that matches no module of any tensor, by any spelling. The
/// candidates are those of all files. Throws Error(kUsage) with the first message unless
/// `allow_unmatched`. Costs one match per entry and module.
std::vector<std::string> type_warnings(std::span<const Candidate> candidates,
                                       const std::vector<TypeRule>& types, bool allow_unmatched);

}  // namespace pal
