#include "configs/model/layer_types.hpp"

#include <algorithm>
#include <array>

namespace pal {

namespace {

struct Counterpart {
    const char* theirs;  // last component of a torch type, or the name of an aten operation
    const char* keras;
};

constexpr std::array<Counterpart, 34> kCounterparts{{
    {"Linear", "Dense"},
    {"linear", "Dense"},
    {"Conv1d", "Conv1D"},
    {"Conv2d", "Conv2D"},
    {"Conv3d", "Conv3D"},
    {"conv1d", "Conv1D"},
    {"conv2d", "Conv2D"},
    {"conv3d", "Conv3D"},
    {"Conv1d", "Convolution1D"},
    {"Conv2d", "Convolution2D"},
    {"Conv2d", "DepthwiseConv2D"},
    {"conv2d", "DepthwiseConv2D"},
    {"Conv2d", "SeparableConv2D"},
    {"conv2d", "SeparableConv2D"},
    {"Conv1d", "SeparableConv1D"},
    {"Conv1d", "DepthwiseConv1D"},
    {"ConvTranspose1d", "Conv1DTranspose"},
    {"ConvTranspose2d", "Conv2DTranspose"},
    {"ConvTranspose3d", "Conv3DTranspose"},
    {"conv_transpose2d", "Conv2DTranspose"},
    {"Embedding", "Embedding"},
    {"embedding", "Embedding"},
    {"LSTM", "LSTM"},
    {"GRU", "GRU"},
    {"RNN", "SimpleRNN"},
    {"MultiheadAttention", "MultiHeadAttention"},
    {"BatchNorm1d", "BatchNormalization"},
    {"BatchNorm2d", "BatchNormalization"},
    {"BatchNorm3d", "BatchNormalization"},
    {"LayerNorm", "LayerNormalization"},
    {"GroupNorm", "GroupNormalization"},
    {"PReLU", "PReLU"},
    {"Bilinear", "Bilinear"},
    {"EmbeddingBag", "Embedding"},
}};

}  // namespace

std::string short_layer_type(const std::string& type) {
    std::string name = type;
    if (name.starts_with("aten.") && name.rfind('.') > 4)
        name.erase(name.rfind('.'));  // the overload: aten.linear.default
    if (const std::size_t dot = name.rfind('.'); dot != std::string::npos) name.erase(0, dot + 1);
    return name;
}

std::vector<std::string> known_layer_types() {
    std::vector<std::string> types;
    for (const Counterpart& pair : kCounterparts) {
        types.emplace_back(pair.theirs);
        types.emplace_back(pair.keras);
    }
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    return types;
}

std::vector<std::string> wrapped_classes(const std::string& keras_class) {
    std::vector<std::string> classes(1);
    for (const char c : keras_class) {
        if (c == '(') {
            classes.emplace_back();
        } else if (c != ')') {
            classes.back() += c;
        }
    }
    return classes;
}

bool same_layer_type(const std::string& rule_type, const std::string& keras_class) {
    if (keras_class.empty()) return false;
    const std::string type = short_layer_type(rule_type);
    for (const std::string& name : wrapped_classes(keras_class)) {
        if (type == name) return true;
        for (const Counterpart& pair : kCounterparts) {
            if (type == pair.theirs && name == pair.keras) return true;
            if (type == pair.keras && name == pair.theirs) return true;
        }
    }
    return false;
}

}  // namespace pal
