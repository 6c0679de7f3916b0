// A layer as the file's writer meant it: its kind, the role of each of its tensors, and which
// dimensions of a kernel are channels.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pal {

enum class LayerKind {
    kUnknown,
    kLinear,
    kConvolution,
    kTransposedConvolution,
    kDepthwiseConvolution,
    kSeparableConvolution,  // a depthwise and a pointwise kernel
    kEinsum,                // Keras' EinsumDense: several dimensions make up a channel
    kAttention,
    kRecurrent,
    kEmbedding,
    kNormalization,
    kActivation,  // with weights: PReLU
    kOptimizer
};

enum class TensorRole {
    kOther,
    kKernel,
    kRecurrentKernel,
    kBias,
    kGain,
    kStatistic,  // running mean or variance
    kEmbedding,
    kOptimizerSlot
};

[[nodiscard]] std::string_view kind_name(LayerKind kind) noexcept;   // "convolution", ...
[[nodiscard]] std::string_view role_name(TensorRole role) noexcept;  // "recurrent kernel", ...

/// Adjacent dimensions of a tensor that together count as one dimension of channels.
struct ChannelDims {
    std::size_t first = 0;
    std::size_t count = 1;  // 0: there is one channel only
    bool operator==(const ChannelDims&) const = default;
};

/// A tensor's place in its layer, as the layer table found it.
struct Layer {
    LayerKind kind = LayerKind::kUnknown;
    std::string type;  // "Conv2D", "Bidirectional(GRU)", "Linear"; empty: unknown
    TensorRole role = TensorRole::kOther;
    /// A configuration's entry for `weight` covers it: torch's weights, and what is one in other
    /// frameworks, such as Keras' kernels and embeddings.
    bool is_weight = false;
    std::size_t rank = 0;  // of the tensor
    ChannelDims output;    // axis 0
    ChannelDims input;     // axis 1
    /// Why: a sentence each, the kind first, then the role, then the dimensions.
    std::vector<std::string> evidence;
};

[[nodiscard]] inline bool is_kernel(const Layer& layer) noexcept {
    return layer.role == TensorRole::kKernel || layer.role == TensorRole::kRecurrentKernel;
}

/// True for states of the operations that a configuration's op_state_spec is for: kernels and
/// biases of linear, convolution, attention and recurrent layers.
[[nodiscard]] bool is_op_state(const Layer& layer) noexcept;

/// The number of dimensions in names of convolutions: "2d" for a kernel of rank 4. Empty unless the
/// rank is 3 to 5.
[[nodiscard]] std::string spatial_suffix(std::size_t rank);

/// Name of the operation in op_name_config and op_type_config: "linear", "conv2d",
/// "multi_head_attention_forward". Empty for layers without one. rank: of the kernel.
[[nodiscard]] std::string operation_of(LayerKind kind, std::size_t rank);

}  // namespace pal
