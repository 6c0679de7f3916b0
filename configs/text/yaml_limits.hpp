// Limits of a YAML document: a hostile one ends in an error.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

namespace pal::yaml {

/// Checks the text before nodes are built: at most 4 MiB, one document, 64 levels and 100,000
/// nodes, all keys and values UTF-8. Counts levels as the parser meets them, so that brackets in
/// quotes and comments do not count. Throws Error(kUsage), or YAML::Exception for bad syntax.
void check_text(std::string_view text, const std::string& source);

/// Checks the built document: at most 64 levels and 100,000 nodes with aliases followed (alias
/// bombs), no key twice in a map. Throws Error(kUsage).
void check_nodes(const YAML::Node& document, const std::string& source);

}  // namespace pal::yaml
