// Finds the tensor that a user names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"

namespace pal {

/// Index of the candidate that `text` names: by its path or one of its aliases; else by a dotted
/// path as rules see it, with or without a leading slash. Throws Error(kUsage) if no candidate
/// fits (with the nearest paths) or several do.
[[nodiscard]] std::size_t find_candidate(const std::vector<Candidate>& candidates,
                                         const std::string& text);

}  // namespace pal
