#include "configs/layers/channel_dims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "configs/layers/equations.hpp"
#include "configs/layers/layer_classes.hpp"
#include "configs/layers/state_roles.hpp"

namespace pal {

namespace {

using Order = DimensionOrder;
using Kind = LayerKind;

struct ToldOrder {
    Order order = Order::kOutputFirst;
    std::string evidence;
    std::string warning = {};
};

/// Returns a pattern of --types that matches this module alone, as YAML.
std::string quoted_pattern(const std::string& module) {
    std::string text;
    for (const char c : module) {
        if (std::string_view("\\^$.[]|()?*+{}").find(c) != std::string_view::npos) text += '\\';
        text += c;
        if (c == '\'') text += c;
    }
    return "'" + text + "'";
}

std::string order_text(Order order) {
    return order == Order::kOutputFirst ? "(out, in, ...)" : "(..., in, out)";
}

bool has_number_or_w(const std::string& state) {
    return state == "W" || state.ends_with("_W") || state.starts_with("param_");
}

/// Theano's convolutions are (out, in, rows, columns) in Keras 0 and 1 and in other programs.
bool may_be_theano(const KernelFacts& kernel) {
    return kernel.shape.size() >= 4 && has_number_or_w(kernel.state);
}

/// Kernels are smaller than channel counts, so small trailing dimensions are rows and columns.
bool looks_like_theano(const Shape& shape) {
    return *std::max_element(shape.begin() + 2, shape.end()) < std::max(shape[0], shape[1]);
}

std::string bias_text(const KernelFacts& kernel) {
    return kernel.bias->size() == 1
               ? fmt::format("the bias beside it has {} values", kernel.bias->front())
               : "the bias beside it has the shape " + shape_to_string(*kernel.bias);
}

/// Says that a Keras file and the bias contradict each other, and how to decide.
std::string contradiction(const KernelFacts& kernel, Order by_bias, const LayerHints& hints) {
    const std::string type = keras_class_of(kernel.kind, kernel.shape.size());
    const std::string way_out = type.empty()
                                    ? "--layout keras"
                                    : fmt::format("the line {}: {} in the file of --types",
                                                  quoted_pattern(kernel.dotted_module), type);
    return fmt::format(
        "{}: {}, so its dimensions are taken as {}. The bias has precedence over {}, which says "
        "{}. To decide otherwise, give {}",
        kernel.path, bias_text(kernel), order_text(by_bias), hints.order_reason,
        order_text(hints.order), way_out);
}

/// Takes the user's word. Warns where the file or --layout says otherwise, and no bias agrees.
ToldOrder by_user(const KernelFacts& kernel, std::optional<Order> by_bias,
                  const LayerHints& hints) {
    const Order order = kernel.order_of_user.value();
    ToldOrder told{order, kernel.user_evidence};
    if (!hints.order_is_told || order == hints.order || by_bias == order) return told;
    const std::size_t rank = kernel.shape.size();
    const std::string other = order == Order::kOutputFirst ? keras_class_of(kernel.kind, rank)
                                                           : torch_class_of(kernel.kind, rank);
    told.warning = fmt::format(
        "{}: {}, so its dimensions are taken as {}. --types has precedence over {}, which says {}. "
        "To decide otherwise, {} there",
        kernel.path, kernel.user_evidence, order_text(order), hints.order_reason,
        order_text(hints.order), other.empty() ? "leave it out" : "write " + other);
    return told;
}

/// Stronger evidence comes first.
ToldOrder order_of(const KernelFacts& kernel, const LayerHints& hints) {
    const std::optional<Order> by_bias = order_of_bias(kernel.kind, kernel.shape, kernel.bias);
    if (kernel.order_of_user) return by_user(kernel, by_bias, hints);
    if (hints.order_by_option) return {hints.order, hints.order_reason};
    const bool theano = may_be_theano(kernel);
    if (hints.order_is_told && !theano) {
        // Which of numbered variables is a bias, is a guess.
        if (!by_bias || *by_bias == hints.order || variable_number(kernel.state))
            return {hints.order, hints.order_reason};
        return {*by_bias, bias_text(kernel), contradiction(kernel, *by_bias, hints)};
    }
    if (by_bias) return {*by_bias, bias_text(kernel)};
    if (theano && (!hints.order_is_told || looks_like_theano(kernel.shape)))
        return {Order::kOutputFirst, "Theano's order of a convolution"};
    if (hints.order_is_told) return {hints.order, hints.order_reason};
    if (kernel.order_of_name)
        return {*kernel.order_of_name, fmt::format("'{}' is stored so", kernel.state)};
    if (kernel.siblings != nullptr) return {kernel.siblings->order, kernel.siblings->evidence};
    if (kernel.shape.size() == 2 && has_number_or_w(kernel.state))
        return {Order::kOutputLast,
                fmt::format("'{}' of two dimensions is stored so", kernel.state)};
    return {hints.order, hints.order_reason};
}

std::optional<FoundChannels> by_equation(std::string_view equation, const KernelFacts& kernel,
                                         const std::string& evidence) {
    const auto found = channels_of_equation(equation, kernel.shape.size());
    if (!found) return std::nullopt;
    return FoundChannels{found->output, found->input, evidence + found->note, {}};
}

/// Returns true for a query (heads, in, size), as KerasHub's Gemma stores it. The output of the
/// same heads is (heads, size, in).
bool has_heads_first(const KernelFacts& kernel) {
    if (kernel.other_end != nullptr) {
        const std::uint64_t in = kernel.other_end->back();
        if ((kernel.shape[0] == in) != (kernel.shape[1] == in)) return kernel.shape[1] == in;
    }
    return kernel.path.find("/gemma") != std::string::npos;
}

/// Returns true for an output (out, heads, size), as KerasHub's XLNet stores it: like the query.
bool has_output_first(const KernelFacts& kernel) {
    if (kernel.other_end == nullptr || kernel.shape != *kernel.other_end) return false;
    return !std::equal(kernel.shape.begin(), kernel.shape.end() - 1, kernel.other_end->begin() + 1);
}

/// True for a bias of the shape (heads, size) beside a kernel (in, heads, size).
bool is_bias_of_heads(const KernelFacts& kernel) {
    return kernel.bias != nullptr && kernel.bias->size() >= 2 &&
           std::equal(kernel.bias->begin(), kernel.bias->end(), kernel.shape.begin() + 1,
                      kernel.shape.end());
}

/// Returns the channels of a kernel that several heads share; nothing for others.
std::optional<FoundChannels> channels_of_heads(const KernelFacts& kernel) {
    const std::size_t rank = kernel.shape.size();
    if (rank < 3) return std::nullopt;
    if (is_bias_of_heads(kernel))
        return FoundChannels{{1, rank - 1}, {0, 1}, bias_text(kernel), {}};
    if (kernel.kind != Kind::kEinsum && kernel.kind != Kind::kAttention) return std::nullopt;
    if (rank == 3 && kernel.bias != nullptr && kernel.bias->size() == 1 &&
        kernel.bias->front() == kernel.shape.back())
        return by_equation("btnh,nhd->btd", kernel, bias_text(kernel));
    const bool is_end = ends_heads(kernel.module);
    const std::string_view equation =
        is_end && rank == 3 && has_output_first(kernel)
            ? "btnh,dnh->btd"
            : equation_of_attention(kernel.module, rank, !is_end && has_heads_first(kernel));
    return by_equation(equation, kernel,
                       fmt::format("'{}' {} the heads of attention, by the equation {}",
                                   kernel.module, is_end ? "ends" : "makes", equation));
}

/// Returns the channels of a stack of kernels, one for each expert: the dimension that counts them
/// is neither input nor output.
FoundChannels channels_of_stack(const KernelFacts& kernel, const LayerHints& hints) {
    const ToldOrder told = order_of(kernel, hints);
    const ChannelDims last{2, 1};
    const ChannelDims middle{1, 1};
    const bool is_last = told.order == Order::kOutputLast;
    return {is_last ? last : middle, is_last ? middle : last,
            told.evidence + "; dimension 0 counts the kernels of a stack", told.warning};
}

/// Returns the channels of a kernel that is more than a matrix and its repetitions in space.
std::optional<FoundChannels> channels_of_structure(const KernelFacts& kernel,
                                                   const LayerHints& hints) {
    if (hints.order_by_option && hints.order == Order::kOutputFirst) return std::nullopt;
    if (auto found = by_equation(kernel.equation, kernel,
                                 "model_config gives the equation " + kernel.equation))
        return found;
    if (kernel.is_stack) return channels_of_stack(kernel, hints);
    return channels_of_heads(kernel);
}

/// Leaves out dimensions of size 1 at the end of a group of dimensions.
ChannelDims without_ones(ChannelDims dims, const Shape& shape) {
    while (dims.count > 1 && shape[dims.first + dims.count - 1] == 1) --dims.count;
    return dims;
}

std::string dimension_text(const ChannelDims& dims) {
    if (dims.count == 1) return fmt::format("dimension {}", dims.first);
    return fmt::format("dimensions {} to {} together", dims.first, dims.first + dims.count - 1);
}

}  // namespace

std::optional<DimensionOrder> order_of_bias(LayerKind kind, const Shape& shape, const Shape* bias) {
    // A transposed convolution has its output channels where others have their input.
    if (bias == nullptr || kind == Kind::kTransposedConvolution ||
        kind == Kind::kDepthwiseConvolution)
        return std::nullopt;
    const bool is_stack = bias->size() == 2 && shape.size() == 3 && bias->front() == shape.front();
    if (bias->size() != 1 && !is_stack) return std::nullopt;
    const bool first = shape[is_stack ? 1 : 0] == bias->back();
    const bool last = shape.back() == bias->back();
    if (first == last) return std::nullopt;
    return first ? Order::kOutputFirst : Order::kOutputLast;
}

FoundChannels channels_of(const KernelFacts& kernel, const LayerHints& hints) {
    const std::size_t rank = kernel.shape.size();
    if (rank < 2) return {{0, 1}, {0, 1}, {}, {}};
    FoundChannels found{{0, 1}, {1, 1}, {}, {}};
    if (kernel.kind == Kind::kEmbedding) {
        found.evidence = "an embedding is stored as (entries, values)";
    } else if (auto structure = channels_of_structure(kernel, hints)) {
        found = std::move(*structure);
    } else {
        const ToldOrder told = order_of(kernel, hints);
        const bool last = told.order == Order::kOutputLast;
        found.evidence = told.evidence;
        found.warning = told.warning;
        if (last) found = {{rank - 1, 1}, {rank - 2, 1}, told.evidence, told.warning};
        if (last && kernel.kind == Kind::kDepthwiseConvolution && rank >= 3) {
            found.output = without_ones({rank - 2, 2}, kernel.shape);
            found.input = {rank - 1, 0};
            found.evidence += "; a depthwise kernel is (..., channels, multiplier)";
        } else if (last && kernel.kind == Kind::kDepthwiseConvolution) {
            found.output = {0, 1};
            found.input = {1, 0};
            found.evidence += "; a depthwise kernel of two dimensions is (channels, taps)";
        } else if (last && kernel.kind == Kind::kTransposedConvolution && rank >= 3) {
            if (is_transposed_of_flax(kernel.module)) std::swap(found.output, found.input);
            found.evidence += "; axis 0 of a transposed convolution is its input, as in torch";
        }
    }
    found.evidence = fmt::format("axis 0, output channels: {}, because: {}",
                                 dimension_text(found.output), found.evidence);
    return found;
}

}  // namespace pal
