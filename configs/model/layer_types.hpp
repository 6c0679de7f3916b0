// Names of layer types across frameworks: a rule for torch.nn.modules.linear.Linear covers Keras'
// Dense.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// Splits a wrapper and its layer: "TimeDistributed(Dense)" -> {"TimeDistributed", "Dense"}.
[[nodiscard]] std::vector<std::string> wrapped_classes(const std::string& keras_class);

/// True if a rule's type names the Keras class of a layer or of the layer that it wraps. Types are
/// "torch.nn.Linear", "torch.nn.modules.conv.Conv2d", "keras.layers.Dense", "aten.linear.default",
/// "Dense". False for an empty class.
[[nodiscard]] bool same_layer_type(const std::string& rule_type, const std::string& keras_class);

/// Known types of other frameworks and known Keras classes, sorted.
[[nodiscard]] std::vector<std::string> known_layer_types();

/// Drops the module path of a type: "torch.nn.modules.linear.Linear" -> "Linear",
/// "aten.linear.default" -> "linear".
[[nodiscard]] std::string short_layer_type(const std::string& type);

}  // namespace pal
