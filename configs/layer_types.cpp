#include "configs/layer_types.hpp"

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

bool same_layer_type(const std::string& rule_type, const std::string& keras_class) {
    if (keras_class.empty()) return false;
    std::string type = rule_type;
    if (type.starts_with("aten.") && type.rfind('.') > 4)
        type.erase(type.rfind('.'));  // the overload: aten.linear.default
    if (const std::size_t dot = type.rfind('.'); dot != std::string::npos) type.erase(0, dot + 1);
    if (type == keras_class) return true;
    for (const Counterpart& pair : kCounterparts) {
        if (type == pair.theirs && keras_class == pair.keras) return true;
    }
    return false;
}

}  // namespace pal
