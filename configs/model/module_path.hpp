// Dotted module paths, taken apart.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// "layers.0.fc" -> {"layers", "0", "fc"}.
[[nodiscard]] std::vector<std::string> module_components(const std::string& module);

/// The module, then the modules above it: "layers.0.fc" -> {"layers.0.fc", "layers.0", "layers"}.
/// At most 100 modules above, the topmost ones: nothing real nests deeper.
[[nodiscard]] std::vector<std::string> with_parents(const std::string& module);

}  // namespace pal
