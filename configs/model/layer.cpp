#include "configs/model/layer.hpp"

namespace pal {

std::string_view kind_name(LayerKind kind) noexcept {
    switch (kind) {
        case LayerKind::kUnknown:
            break;
        case LayerKind::kLinear:
            return "linear";
        case LayerKind::kConvolution:
            return "convolution";
        case LayerKind::kTransposedConvolution:
            return "transposed convolution";
        case LayerKind::kDepthwiseConvolution:
            return "depthwise convolution";
        case LayerKind::kSeparableConvolution:
            return "separable convolution";
        case LayerKind::kEinsum:
            return "einsum";
        case LayerKind::kAttention:
            return "attention";
        case LayerKind::kRecurrent:
            return "recurrent";
        case LayerKind::kEmbedding:
            return "embedding";
        case LayerKind::kNormalization:
            return "normalization";
        case LayerKind::kActivation:
            return "activation";
        case LayerKind::kOptimizer:
            return "optimizer";
    }
    return "unknown";
}

std::string_view role_name(TensorRole role) noexcept {
    switch (role) {
        case TensorRole::kOther:
            break;
        case TensorRole::kKernel:
            return "kernel";
        case TensorRole::kRecurrentKernel:
            return "recurrent kernel";
        case TensorRole::kBias:
            return "bias";
        case TensorRole::kGain:
            return "gain";
        case TensorRole::kStatistic:
            return "running statistic";
        case TensorRole::kEmbedding:
            return "embedding";
        case TensorRole::kOptimizerSlot:
            return "optimizer state";
    }
    return "other";
}

bool is_op_state(const Layer& layer) noexcept {
    // Only a rule by name gets at the optimizer at all.
    if (layer.role == TensorRole::kOptimizerSlot) return layer.rank >= 2;
    if (!is_kernel(layer) && layer.role != TensorRole::kBias) return false;
    switch (layer.kind) {
        case LayerKind::kUnknown:
        case LayerKind::kEmbedding:
        case LayerKind::kNormalization:
        case LayerKind::kActivation:
        case LayerKind::kOptimizer:
            return false;
        default:
            return true;
    }
}

std::string spatial_suffix(std::size_t rank) {
    return rank >= 3 && rank <= 5 ? std::to_string(rank - 2) + "d" : "";
}

std::string operation_of(LayerKind kind, std::size_t rank) {
    const std::string dims = spatial_suffix(rank);
    switch (kind) {
        case LayerKind::kLinear:
        case LayerKind::kEinsum:
            return "linear";
        case LayerKind::kConvolution:
        case LayerKind::kDepthwiseConvolution:
        case LayerKind::kSeparableConvolution:
            return dims.empty() ? "" : "conv" + dims;
        case LayerKind::kTransposedConvolution:
            return dims.empty() ? "" : "conv_transpose" + dims;
        case LayerKind::kAttention:
            return "multi_head_attention_forward";
        case LayerKind::kEmbedding:
            return "embedding";
        default:
            return "";
    }
}

}  // namespace pal
