// Hints of a checkpoint about its layers, besides its tensors: io/ finds them, options overrule
// them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "configs/model/pattern.hpp"

namespace pal {

/// Order of the dimensions of kernels.
enum class DimensionOrder {
    kOutputFirst,  // torch: (out, in, ...)
    kOutputLast    // Keras, Flax: (..., in, out)
};

/// The user's word on the type of a layer: --types.
struct TypeRule {
    Pattern pattern;   // of a whole module path
    std::string text;  // of the pattern
    std::string type;
    std::string origin;  // "types.yaml:3:5: 'fc'", for messages
};

struct LayerHints {
    DimensionOrder order = DimensionOrder::kOutputFirst;
    bool order_is_told = false;    // by the file or an option; otherwise `order` is a mere default
    bool order_by_option = false;  // --layout
    std::string order_reason;      // "keras_version attribute of /"
    bool is_keras = false;         // Keras wrote the file: default names tell classes
    /// Layer name -> Keras class, from model_config: "TimeDistributed(Dense)" for a wrapper.
    std::map<std::string, std::string> classes;
    /// Layer name -> equation of an EinsumDense, from model_config.
    std::map<std::string, std::string> equations;
    /// Path of a module's group -> name of the layer, where the file tells it apart from the path.
    std::map<std::string, std::string> names;
    std::vector<TypeRule> types;  // the later rule wins
};

}  // namespace pal
