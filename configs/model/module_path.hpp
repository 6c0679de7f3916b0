// Dotted module paths, taken apart, and the modules that only a rule can select. Only for configs/.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// "layers.0.fc" -> {"layers", "0", "fc"}.
[[nodiscard]] std::vector<std::string> module_components(const std::string& module);

/// The module itself, then the modules above it: "layers.0.fc", "layers.0", "layers". The topmost
/// 100 of them; nothing real nests deeper.
[[nodiscard]] std::vector<std::string> with_parents(const std::string& module);

/// Below `optimizer` or `optimizer_weights`: never selected by a default or by "*".
[[nodiscard]] bool is_optimizer_state(const std::string& module);

/// An embedding's weights, by the state's or the module's name: left dense by defaults.
[[nodiscard]] bool is_embedding(const std::string& module, const std::string& state);

}  // namespace pal
