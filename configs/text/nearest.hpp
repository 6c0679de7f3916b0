// The names nearest to a misspelt one, for messages. Only for configs/.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// The choice nearest to a misspelt word, empty where none is near.
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& choices);

/// The three names nearest to a word, however far, nearest first. Names are compared letter by
/// letter in the order of a lower bound of their distance, at most 1000 of them: some 10 ms for
/// 100,000 names.
[[nodiscard]] std::vector<std::string> nearest_names(const std::string& word,
                                                     const std::vector<std::string>& names);

}  // namespace pal
