#include "configs/layers/layer_classes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string_view>

#include "configs/model/layer_types.hpp"
#include "configs/model/tensor_name.hpp"

namespace pal {

namespace {

using Kind = LayerKind;

struct ClassKind {
    std::string_view name;
    LayerKind kind;
};

/// Keras' classes, with those of KerasHub.
constexpr std::array kKerasClasses{
    ClassKind{"Dense", Kind::kLinear},
    ClassKind{"TimeDistributedDense", Kind::kLinear},
    ClassKind{"Highway", Kind::kLinear},
    ClassKind{"MaxoutDense", Kind::kEinsum},
    ClassKind{"EinsumDense", Kind::kEinsum},
    ClassKind{"Conv1D", Kind::kConvolution},
    ClassKind{"Conv2D", Kind::kConvolution},
    ClassKind{"Conv3D", Kind::kConvolution},
    ClassKind{"Convolution1D", Kind::kConvolution},
    ClassKind{"Convolution2D", Kind::kConvolution},
    ClassKind{"Convolution3D", Kind::kConvolution},
    ClassKind{"AtrousConvolution1D", Kind::kConvolution},
    ClassKind{"AtrousConvolution2D", Kind::kConvolution},
    ClassKind{"Conv1DTranspose", Kind::kTransposedConvolution},
    ClassKind{"Conv2DTranspose", Kind::kTransposedConvolution},
    ClassKind{"Conv3DTranspose", Kind::kTransposedConvolution},
    ClassKind{"Deconvolution2D", Kind::kTransposedConvolution},
    ClassKind{"DepthwiseConv1D", Kind::kDepthwiseConvolution},
    ClassKind{"DepthwiseConv2D", Kind::kDepthwiseConvolution},
    ClassKind{"SeparableConv1D", Kind::kSeparableConvolution},
    ClassKind{"SeparableConv2D", Kind::kSeparableConvolution},
    ClassKind{"SeparableConvolution2D", Kind::kSeparableConvolution},
    ClassKind{"MultiHeadAttention", Kind::kAttention},
    ClassKind{"GroupedQueryAttention", Kind::kAttention},
    ClassKind{"CachedMultiHeadAttention", Kind::kAttention},
    ClassKind{"LSTM", Kind::kRecurrent},
    ClassKind{"GRU", Kind::kRecurrent},
    ClassKind{"SimpleRNN", Kind::kRecurrent},
    ClassKind{"RNN", Kind::kRecurrent},
    ClassKind{"LSTMCell", Kind::kRecurrent},
    ClassKind{"GRUCell", Kind::kRecurrent},
    ClassKind{"SimpleRNNCell", Kind::kRecurrent},
    ClassKind{"CuDNNLSTM", Kind::kRecurrent},
    ClassKind{"CuDNNGRU", Kind::kRecurrent},
    ClassKind{"ConvLSTM1D", Kind::kRecurrent},
    ClassKind{"ConvLSTM2D", Kind::kRecurrent},
    ClassKind{"ConvLSTM3D", Kind::kRecurrent},
    ClassKind{"Embedding", Kind::kEmbedding},
    ClassKind{"ReversibleEmbedding", Kind::kEmbedding},
    ClassKind{"PositionEmbedding", Kind::kEmbedding},
    ClassKind{"BatchNormalization", Kind::kNormalization},
    ClassKind{"LayerNormalization", Kind::kNormalization},
    ClassKind{"GroupNormalization", Kind::kNormalization},
    ClassKind{"UnitNormalization", Kind::kNormalization},
    ClassKind{"RMSNormalization", Kind::kNormalization},
    ClassKind{"Normalization", Kind::kNormalization},
    ClassKind{"PReLU", Kind::kActivation},
    ClassKind{"ParametricSoftplus", Kind::kActivation},
    ClassKind{"SReLU", Kind::kActivation},
};

/// Classes of torch and Caffe.
constexpr std::array kOtherClasses{
    ClassKind{"Linear", Kind::kLinear},
    ClassKind{"Bilinear", Kind::kLinear},
    ClassKind{"InnerProduct", Kind::kLinear},
    ClassKind{"NonDynamicallyQuantizableLinear", Kind::kLinear},
    ClassKind{"Conv1d", Kind::kConvolution},
    ClassKind{"Conv2d", Kind::kConvolution},
    ClassKind{"Conv3d", Kind::kConvolution},
    ClassKind{"Convolution", Kind::kConvolution},
    ClassKind{"ConvTranspose1d", Kind::kTransposedConvolution},
    ClassKind{"ConvTranspose2d", Kind::kTransposedConvolution},
    ClassKind{"ConvTranspose3d", Kind::kTransposedConvolution},
    ClassKind{"Deconvolution", Kind::kTransposedConvolution},
    ClassKind{"MultiheadAttention", Kind::kAttention},
    ClassKind{"EmbeddingBag", Kind::kEmbedding},
    ClassKind{"BatchNorm1d", Kind::kNormalization},
    ClassKind{"BatchNorm2d", Kind::kNormalization},
    ClassKind{"BatchNorm3d", Kind::kNormalization},
    ClassKind{"BatchNorm", Kind::kNormalization},
    ClassKind{"LayerNorm", Kind::kNormalization},
    ClassKind{"GroupNorm", Kind::kNormalization},
    ClassKind{"InstanceNorm2d", Kind::kNormalization},
    ClassKind{"RMSNorm", Kind::kNormalization},
};

/// Converts as Keras does for default names: "PReLU" -> "p_re_lu", "Conv2DTranspose" ->
/// "conv2d_transpose".
std::string snake_case(std::string_view name) {
    const auto upper = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
    const auto lower = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
    std::string snake;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool begins_word = i + 1 < name.size() && upper(name[i]) && lower(name[i + 1]);
        const bool after_word = i > 0 && lower(name[i - 1]) && upper(name[i]);
        if (i > 0 && (begins_word || after_word)) snake += '_';
        snake += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
    }
    return snake;
}

const std::map<std::string, std::string>& default_names() {
    static const std::map<std::string, std::string> names = [] {
        std::map<std::string, std::string> all;
        for (const ClassKind& row : kKerasClasses)
            all.emplace(snake_case(row.name), std::string(row.name));
        // Keras 1 named these as Keras 2 does in other places.
        all["convolution2d"] = "Convolution2D";
        return all;
    }();
    return names;
}

std::string innermost(const std::string& type) {
    return short_layer_type(wrapped_classes(type).back());
}

Kind kind_in(const auto& table, const std::string& name) {
    const auto* const row = std::ranges::find(table, name, &ClassKind::name);
    return row == table.end() ? Kind::kUnknown : row->kind;
}

}  // namespace

bool is_wrapper(const std::string& type) {
    static constexpr std::array<std::string_view, 3> kWrappers{"Bidirectional", "TimeDistributed",
                                                               "SpectralNormalization"};
    return std::ranges::find(kWrappers, short_layer_type(type)) != kWrappers.end();
}

LayerKind kind_of_class(const std::string& type) {
    const std::string name = innermost(type);
    const LayerKind keras = kind_in(kKerasClasses, name);
    return keras != Kind::kUnknown ? keras : kind_in(kOtherClasses, name);
}

std::optional<DimensionOrder> order_of_class(const std::string& type) {
    const std::string name = innermost(type);
    switch (kind_of_class(name)) {
        case Kind::kLinear:
        case Kind::kConvolution:
        case Kind::kEinsum:
        case Kind::kDepthwiseConvolution:
        case Kind::kSeparableConvolution:
        case Kind::kTransposedConvolution:
            return kind_in(kKerasClasses, name) == Kind::kUnknown ? DimensionOrder::kOutputFirst
                                                                  : DimensionOrder::kOutputLast;
        default:
            return std::nullopt;
    }
}

std::string class_of_default_name(const std::string& name) {
    std::string stem = name;
    const std::size_t underscore = stem.rfind('_');
    if (underscore != std::string::npos && all_digits(stem.substr(underscore + 1)))
        stem.erase(underscore);
    const auto found = default_names().find(stem);
    return found == default_names().end() ? "" : found->second;
}

bool is_transposed_of_flax(const std::string& name) {
    static constexpr std::string_view kName = "ConvTranspose_";
    return name.starts_with(kName) && all_digits(name.substr(kName.size()));
}

std::string torch_class_of(LayerKind kind, std::size_t rank) {
    const std::string dims = spatial_suffix(rank);
    switch (kind) {
        case Kind::kLinear:
            return "Linear";
        case Kind::kConvolution:
        case Kind::kDepthwiseConvolution:
            return dims.empty() ? "" : "Conv" + dims;
        case Kind::kTransposedConvolution:
            return dims.empty() ? "" : "ConvTranspose" + dims;
        case Kind::kAttention:
            return "MultiheadAttention";
        case Kind::kEmbedding:
            return "Embedding";
        default:
            return "";
    }
}

std::string keras_class_of(LayerKind kind, std::size_t rank) {
    const bool is_in_space = !spatial_suffix(rank).empty();
    switch (kind) {
        case Kind::kLinear:
            return "Dense";
        case Kind::kConvolution:
            return is_in_space ? fmt::format("Conv{}D", rank - 2) : "";
        case Kind::kEinsum:
            return "EinsumDense";
        case Kind::kAttention:
            return "MultiHeadAttention";
        default:
            return "";
    }
}

}  // namespace pal
