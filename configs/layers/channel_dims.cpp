#include "configs/layers/channel_dims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pal {

namespace {

using Order = DimensionOrder;
using Kind = LayerKind;

struct ToldOrder {
    Order order = Order::kOutputFirst;
    std::string evidence;
    std::string warning = {};
};

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

/// Returns the order that the bias speaks for; nothing if it fits both or none.
std::optional<Order> order_of_bias(const KernelFacts& kernel) {
    if (kernel.bias == nullptr || kernel.bias->size() != 1) return std::nullopt;
    const bool first = kernel.shape.front() == kernel.bias->front();
    const bool last = kernel.shape.back() == kernel.bias->front();
    if (first == last) return std::nullopt;
    return first ? Order::kOutputFirst : Order::kOutputLast;
}

ToldOrder order_of(const KernelFacts& kernel, const LayerHints& hints) {
    const std::optional<Order> by_bias = order_of_bias(kernel);
    const std::string bias =
        by_bias ? fmt::format("the bias beside it has {} values", kernel.bias->front()) : "";
    if (hints.order_by_option || (hints.order_is_told && !may_be_theano(kernel))) {
        ToldOrder found{hints.order, hints.order_reason};
        // A transposed convolution has its output channels where others have their input.
        if (by_bias && *by_bias != hints.order && kernel.kind != Kind::kTransposedConvolution &&
            kernel.kind != Kind::kDepthwiseConvolution) {
            found.warning =
                fmt::format("{}: its dimensions are taken as {} ({}), but {}; --layout decides",
                            kernel.path, order_text(hints.order), hints.order_reason, bias);
        }
        return found;
    }
    if (by_bias) return {*by_bias, bias};
    if (may_be_theano(kernel) && (!hints.order_is_told || looks_like_theano(kernel.shape)))
        return {Order::kOutputFirst, "Theano's order of a convolution"};
    if (hints.order_is_told) return {hints.order, hints.order_reason};
    if (kernel.order_of_name)
        return {*kernel.order_of_name, fmt::format("'{}' is stored so", kernel.state)};
    if (kernel.shape.size() == 2 && has_number_or_w(kernel.state))
        return {Order::kOutputLast,
                fmt::format("'{}' of two dimensions is stored so", kernel.state)};
    return {hints.order, hints.order_reason};
}

bool has_word(const std::string& module, const std::array<std::string_view, 3>& words) {
    return std::ranges::any_of(
        words, [&](std::string_view word) { return module.find(word) != std::string::npos; });
}

/// Returns the channels of a kernel (in, heads, size) or (heads, size, out); nothing for others.
std::optional<FoundChannels> channels_of_heads(const KernelFacts& kernel) {
    if (kernel.shape.size() != 3) return std::nullopt;
    const FoundChannels into_heads{{1, 2}, {0, 1}, {}, {}};
    const FoundChannels out_of_heads{{2, 1}, {0, 2}, {}, {}};
    const auto with = [](FoundChannels found, std::string evidence) {
        found.evidence = std::move(evidence);
        return found;
    };
    if (kernel.bias != nullptr && kernel.bias->size() == 2 &&
        std::equal(kernel.bias->begin(), kernel.bias->end(), kernel.shape.begin() + 1)) {
        return with(into_heads,
                    "the bias beside it has the shape " + shape_to_string(*kernel.bias));
    }
    if (kernel.kind != Kind::kEinsum && kernel.kind != Kind::kAttention) return std::nullopt;
    if (kernel.bias != nullptr && kernel.bias->size() == 1 &&
        kernel.bias->front() == kernel.shape.back()) {
        return with(out_of_heads,
                    fmt::format("the bias beside it has {} values", kernel.bias->front()));
    }
    static constexpr std::array<std::string_view, 3> kInto{"query", "key", "value"};
    static constexpr std::array<std::string_view, 3> kOut{"output", "out_proj", "o_proj"};
    if (has_word(kernel.module, kOut))
        return with(out_of_heads, "'" + kernel.module + "' ends the heads of attention");
    if (has_word(kernel.module, kInto))
        return with(into_heads, "'" + kernel.module + "' makes the heads of attention");
    return std::nullopt;
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

FoundChannels channels_of(const KernelFacts& kernel, const LayerHints& hints) {
    const std::size_t rank = kernel.shape.size();
    if (rank < 2) return {{0, 1}, {0, 1}, {}, {}};
    FoundChannels found{{0, 1}, {1, 1}, {}, {}};
    if (kernel.kind == Kind::kEmbedding) {
        found.evidence = "an embedding is stored as (entries, values)";
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
        } else if (last && kernel.kind == Kind::kTransposedConvolution && rank >= 3) {
            found.evidence += "; axis 0 of a transposed convolution is its input, as in torch";
        } else if (last) {
            if (auto heads = channels_of_heads(kernel)) found = std::move(*heads);
        }
    }
    found.evidence = fmt::format("axis 0, output channels: {}, because: {}",
                                 dimension_text(found.output), found.evidence);
    return found;
}

}  // namespace pal
