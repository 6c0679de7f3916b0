// Reads a file that tells the types of layers: --types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configs/layers/layer_hints.hpp"

namespace pal {

/// Parses a map in YAML or JSON: pattern of a whole module path (Python's `re`) -> type of the
/// layer, as Keras or torch call it. Throws Error(kUsage) with line and column for anything else, a
/// bad pattern and an unknown type. source: names the text in messages.
[[nodiscard]] std::vector<TypeRule> parse_types(std::string_view text, const std::string& source);

/// Reads such a file. `label` begins the error for a file that cannot be read: "--types FILE".
[[nodiscard]] std::vector<TypeRule> load_types(const std::string& file, const std::string& label);

}  // namespace pal
