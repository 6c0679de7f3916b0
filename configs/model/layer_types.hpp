// Names of layer types across frameworks: a rule for torch.nn.modules.linear.Linear covers Keras'
// Dense. Only for configs/.
#pragma once

#include <string>
#include <vector>

namespace pal {

/// "TimeDistributed(Dense)" -> {"TimeDistributed", "Dense"}: a wrapper and what it wraps.
[[nodiscard]] std::vector<std::string> wrapped_classes(const std::string& keras_class);

/// Whether a rule's type ("torch.nn.Linear", "torch.nn.modules.conv.Conv2d", "keras.layers.Dense",
/// "aten.linear.default", "Dense") names the Keras class of a layer, or of what it wraps. An empty
/// class is no layer's.
[[nodiscard]] bool same_layer_type(const std::string& rule_type, const std::string& keras_class);

/// The known types, those of other frameworks and Keras classes.
[[nodiscard]] std::vector<std::string> known_layer_types();

/// "torch.nn.modules.linear.Linear" -> "Linear", "aten.linear.default" -> "linear".
[[nodiscard]] std::string short_layer_type(const std::string& type);

}  // namespace pal
