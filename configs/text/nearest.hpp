// The names nearest to a misspelt one, for messages.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// Returns the choice nearest to a misspelt word by edit distance; empty if none is near.
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& choices);

/// Returns the three names nearest to a word, however far, nearest first. Computes the edit
/// distance of at most 1000 names, chosen by a lower bound of it: some 10 ms for 100,000 names.
[[nodiscard]] std::vector<std::string> nearest_names(const std::string& word,
                                                     const std::vector<std::string>& names);

}  // namespace pal
