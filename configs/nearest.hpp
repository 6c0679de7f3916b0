// The names nearest to a misspelt one, for messages. Only for configs/.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pal {

/// The choice nearest to a misspelt word, empty where none is near.
[[nodiscard]] std::string nearest(const std::string& word, const std::vector<std::string>& choices);

/// The three names nearest to a pattern, however far, as "a, b, c".
[[nodiscard]] std::string nearest_names(const std::string& pattern,
                                        const std::set<std::string>& names);

}  // namespace pal
