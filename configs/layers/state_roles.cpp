#include "configs/layers/state_roles.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "configs/model/tensor_name.hpp"

namespace pal {

namespace {

using Role = TensorRole;
using Kind = LayerKind;
using Order = DimensionOrder;

struct Row {
    std::string_view name;
    StateMeaning meaning;
};

/// Class tokens and tables of positions in torch.
constexpr StateMeaning kTorchTable{Role::kEmbedding, Kind::kEmbedding, {}, true};

constexpr std::array kNames{
    // Keras 2 and 3, Flax
    Row{"kernel", {Role::kKernel, Kind::kUnknown, Order::kOutputLast}},
    Row{"depthwise_kernel", {Role::kKernel, Kind::kDepthwiseConvolution, Order::kOutputLast}},
    Row{"pointwise_kernel", {Role::kKernel, Kind::kSeparableConvolution, Order::kOutputLast}},
    Row{"recurrent_kernel", {Role::kRecurrentKernel, Kind::kRecurrent, Order::kOutputLast}},
    Row{"recurrent_bias", {Role::kBias, Kind::kRecurrent, {}}},
    Row{"gamma", {Role::kGain, Kind::kNormalization, {}}},
    Row{"beta", {Role::kBias, Kind::kNormalization, {}}},
    Row{"moving_mean", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"moving_variance", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"embeddings", {Role::kEmbedding, Kind::kEmbedding, {}}},
    Row{"embedding", {Role::kEmbedding, Kind::kEmbedding, {}}},
    Row{"position_embeddings", {Role::kEmbedding, Kind::kEmbedding, {}}},
    Row{"lora_kernel_a", {Role::kKernel, Kind::kUnknown, Order::kOutputLast}},
    Row{"lora_kernel_b", {Role::kKernel, Kind::kUnknown, Order::kOutputLast}},
    Row{"lora_embeddings_a", {Role::kEmbedding, Kind::kEmbedding, {}}},
    Row{"lora_embeddings_b", {Role::kEmbedding, Kind::kEmbedding, {}}},
    Row{"vector_u", {Role::kStatistic, Kind::kUnknown, {}}},  // of a spectral normalization
    Row{"sn_u", {Role::kStatistic, Kind::kUnknown, {}}},
    Row{"alpha", {Role::kOther, Kind::kActivation, {}}},
    // torch
    Row{"in_proj_weight", {Role::kKernel, Kind::kAttention, Order::kOutputFirst}},
    Row{"q_proj_weight", {Role::kKernel, Kind::kAttention, Order::kOutputFirst}},
    Row{"k_proj_weight", {Role::kKernel, Kind::kAttention, Order::kOutputFirst}},
    Row{"v_proj_weight", {Role::kKernel, Kind::kAttention, Order::kOutputFirst}},
    Row{"in_proj_bias", {Role::kBias, Kind::kAttention, {}}},
    Row{"bias_k", {Role::kBias, Kind::kAttention, {}}},
    Row{"bias_v", {Role::kBias, Kind::kAttention, {}}},
    Row{"weight_v", {Role::kKernel, Kind::kUnknown, Order::kOutputFirst}},
    Row{"weight_g", {Role::kGain, Kind::kUnknown, {}}},
    Row{"weight_orig", {Role::kKernel, Kind::kUnknown, Order::kOutputFirst}},
    Row{"original", {Role::kKernel, Kind::kUnknown, Order::kOutputFirst}},
    Row{"original1", {Role::kKernel, Kind::kUnknown, Order::kOutputFirst}},
    Row{"original0", {Role::kGain, Kind::kUnknown, {}}},
    Row{"weight_u", {Role::kStatistic, Kind::kUnknown, {}}},
    Row{"lora_A", {Role::kKernel, Kind::kLinear, Order::kOutputFirst}},
    Row{"lora_B", {Role::kKernel, Kind::kLinear, Order::kOutputFirst}},
    Row{"lora_embedding_A", kTorchTable},
    Row{"lora_embedding_B", kTorchTable},
    Row{"text_projection", {Role::kKernel, Kind::kLinear, Order::kOutputLast, true}},  // CLIP
    Row{"proj", {Role::kKernel, Kind::kLinear, Order::kOutputLast, true}},
    Row{"gate_up_proj", {Role::kKernel, Kind::kEinsum, {}, true}},  // experts
    Row{"down_proj", {Role::kKernel, Kind::kEinsum, {}, true}},
    Row{"cls_token", kTorchTable},
    Row{"class_token", kTorchTable},
    Row{"dist_token", kTorchTable},
    Row{"distillation_token", kTorchTable},
    Row{"mask_token", kTorchTable},
    Row{"register_tokens", kTorchTable},
    Row{"query_tokens", kTorchTable},
    Row{"class_embedding", kTorchTable},
    Row{"pos_embed", kTorchTable},
    Row{"pos_embedding", kTorchTable},
    Row{"position_embedding", kTorchTable},
    Row{"positional_embedding", kTorchTable},
    Row{"absolute_pos_embed", kTorchTable},
    Row{"relative_position_bias_table", kTorchTable},
    Row{"rel_pos_h", kTorchTable},
    Row{"rel_pos_w", kTorchTable},
    Row{"position_ids", {Role::kOther, Kind::kUnknown, {}, true}},
    Row{"running_mean", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"running_var", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"bias", {Role::kBias, Kind::kUnknown, {}}},
    // Theano, Lasagne, Haiku, Flax
    Row{"W", {Role::kKernel, Kind::kUnknown, {}}},
    Row{"U", {Role::kRecurrentKernel, Kind::kRecurrent, Order::kOutputLast}},
    Row{"w", {Role::kKernel, Kind::kUnknown, Order::kOutputLast}},
    Row{"b", {Role::kBias, Kind::kUnknown, {}}},
    Row{"biases", {Role::kBias, Kind::kUnknown, {}}},
    Row{"scale", {Role::kGain, Kind::kUnknown, {}}},
    Row{"offset", {Role::kBias, Kind::kUnknown, {}}},
    Row{"running_std", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"mean", {Role::kStatistic, Kind::kUnknown, {}}},
    Row{"variance", {Role::kStatistic, Kind::kUnknown, {}}},
    Row{"var", {Role::kStatistic, Kind::kUnknown, {}}},
    Row{"std", {Role::kStatistic, Kind::kUnknown, {}}},
};

/// Endings behind the layer's name in Keras 1: lstm_1_W_i.
constexpr std::array kEndings{
    Row{"_W", {Role::kKernel, Kind::kUnknown, {}}},
    Row{"_U", {Role::kRecurrentKernel, Kind::kRecurrent, Order::kOutputLast}},
    Row{"_b", {Role::kBias, Kind::kUnknown, {}}},
    Row{"_bias", {Role::kBias, Kind::kUnknown, {}}},
    Row{"_W_carry", {Role::kKernel, Kind::kLinear, Order::kOutputLast}},  // Highway
    Row{"_b_carry", {Role::kBias, Kind::kLinear, {}}},
    Row{"_depthwise_kernel", {Role::kKernel, Kind::kDepthwiseConvolution, Order::kOutputLast}},
    Row{"_pointwise_kernel", {Role::kKernel, Kind::kSeparableConvolution, Order::kOutputLast}},
    Row{"_gamma", {Role::kGain, Kind::kNormalization, {}}},
    Row{"_beta", {Role::kBias, Kind::kNormalization, {}}},
    Row{"_running_mean", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"_running_std", {Role::kStatistic, Kind::kNormalization, {}}},
    Row{"_alphas", {Role::kOther, Kind::kActivation, {}}},
    Row{"_scale", {Role::kOther, Kind::kUnknown, {}}},  // of quantized kernels
    Row{"_zero", {Role::kOther, Kind::kUnknown, {}}},
    Row{"_amax_history", {Role::kOther, Kind::kUnknown, {}}},
};

/// Gates of Keras 1's recurrent layers, behind W, U or b: i, f, c, o of LSTM; z, r, h of GRU.
constexpr std::string_view kGates = "ifcozrh";

/// Beginnings of torch's recurrent states, before the layer's number: weight_ih_l0_reverse.
constexpr std::array kRecurrent{
    Row{"weight_ih", {Role::kKernel, Kind::kRecurrent, Order::kOutputFirst}},
    Row{"weight_hh", {Role::kRecurrentKernel, Kind::kRecurrent, Order::kOutputFirst}},
    Row{"weight_hr", {Role::kKernel, Kind::kRecurrent, Order::kOutputFirst}},
    Row{"bias_ih", {Role::kBias, Kind::kRecurrent, {}}},
    Row{"bias_hh", {Role::kBias, Kind::kRecurrent, {}}},
};

/// Words of kernel names and the words that name their biases.
constexpr std::array<std::array<std::string_view, 2>, 10> kBiasWords{
    {{"kernel", "bias"},
     {"weight", "bias"},
     {"weights", "bias"},
     {"weights", "biases"},
     {"W", "b"},
     {"w", "b"},
     {"weight_ih", "bias_ih"},
     {"weight_hh", "bias_hh"},
     {"in_proj_weight", "in_proj_bias"},
     {"weight_v", "bias"}}};

/// True for "", "_l0" and "_l0_reverse".
bool is_layer_number(std::string_view rest) {
    if (rest.empty()) return true;
    if (!rest.starts_with("_l")) return false;
    rest.remove_prefix(2);
    if (rest.ends_with("_reverse")) rest.remove_suffix(8);
    return all_digits(rest);
}

}  // namespace

std::optional<StateMeaning> meaning_of_state(const std::string& state) {
    const auto* const named = std::ranges::find(kNames, state, &Row::name);
    if (named != kNames.end()) return named->meaning;
    for (const Row& row : kRecurrent) {
        if (state.starts_with(row.name) && is_layer_number(state.substr(row.name.size())))
            return row.meaning;
    }
    const std::string padded = "_" + state;  // without a layer's name too: W_i
    std::string_view stem = padded;
    const bool has_gate = stem.size() > 2 && stem[stem.size() - 2] == '_' &&
                          kGates.find(stem.back()) != std::string_view::npos;
    if (has_gate) stem.remove_suffix(2);
    for (const Row& row : kEndings) {
        if (!stem.ends_with(row.name)) continue;
        if (!has_gate) return row.meaning;
        const bool takes_gates = row.name == "_W" || row.name == "_U" || row.name == "_b";
        if (!takes_gates) continue;
        return StateMeaning{row.meaning.role, Kind::kRecurrent, Order::kOutputLast};
    }
    return std::nullopt;
}

std::optional<std::size_t> variable_number(const std::string& state) {
    std::string_view digits = state;
    if (digits.starts_with("param_")) digits.remove_prefix(6);
    if (!all_digits(digits)) return std::nullopt;
    std::size_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

std::vector<StateMeaning> variables_of(LayerKind kind) {
    const auto last = Order::kOutputLast;
    switch (kind) {
        case Kind::kLinear:
        case Kind::kConvolution:
        case Kind::kTransposedConvolution:
        case Kind::kDepthwiseConvolution:
        case Kind::kEinsum:
            return {{Role::kKernel, kind, last}, {Role::kBias, kind, {}}};
        case Kind::kSeparableConvolution:
            return {{Role::kKernel, Kind::kDepthwiseConvolution, last},
                    {Role::kKernel, kind, last},
                    {Role::kBias, kind, {}}};
        case Kind::kRecurrent:
            return {{Role::kKernel, kind, last},
                    {Role::kRecurrentKernel, kind, last},
                    {Role::kBias, kind, {}}};
        case Kind::kNormalization:
            return {{Role::kGain, kind, {}},
                    {Role::kBias, kind, {}},
                    {Role::kStatistic, kind, {}},
                    {Role::kStatistic, kind, {}}};
        case Kind::kEmbedding:
            return {{Role::kEmbedding, kind, {}}, {Role::kEmbedding, kind, {}}};
        case Kind::kActivation:
            return {{Role::kOther, kind, {}}};
        default:
            return {};
    }
}

std::vector<std::string> bias_names_of(const std::string& kernel) {
    std::vector<std::string> names{kernel + "_bias"};
    for (const auto& [word, bias] : kBiasWords) {
        // The word stands alone between underscores: nn_weights_3, dense_1_W, kernel.
        for (std::size_t at = kernel.find(word); at != std::string::npos;
             at = kernel.find(word, at + 1)) {
            const std::size_t end = at + word.size();
            const bool begins = at == 0 || kernel[at - 1] == '_';
            const bool ends = end == kernel.size() || kernel[end] == '_';
            if (!begins || !ends) continue;
            std::string name = kernel;
            names.push_back(name.replace(at, word.size(), bias));
        }
    }
    return names;
}

}  // namespace pal
