// Bounds of a YAML document, so that a hostile one ends in an error. Only for configs/.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

namespace pal::yaml {

/// Before nodes are built: at most 4 MiB, one document, 64 levels, 100,000 nodes. Levels are
/// counted as the parser meets them, so that brackets in quotes and comments do not count. Keys and
/// values are UTF-8. Throws
/// Error(kUsage), YAML::Exception for what is not YAML.
void check_text(std::string_view text, const std::string& source);

/// Of the built document: at most 64 levels and 100,000 nodes with aliases followed (alias bombs),
/// no key twice in a map. Throws Error(kUsage).
void check_nodes(const YAML::Node& document, const std::string& source);

}  // namespace pal::yaml
