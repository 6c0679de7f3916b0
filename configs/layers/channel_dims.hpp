// Finds the output and the input channels among the dimensions of a kernel.
#pragma once

#include <optional>
#include <string>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/layer.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// The order of kernels beside a kernel, in the same block.
struct SiblingOrder {
    DimensionOrder order = DimensionOrder::kOutputFirst;
    std::string evidence;
};

/// A kernel and what is known of it.
struct KernelFacts {
    std::string path;           // for messages
    std::string dotted_module;  // for messages
    std::string module;         // last component of its module
    std::string state;          // "kernel", "W", "0"
    const Shape& shape;
    LayerKind kind = LayerKind::kUnknown;
    std::optional<DimensionOrder> order_of_name;       // that its state's name stands for
    const Shape* bias = nullptr;                       // of the bias beside it; null: none
    std::string equation = {};                         // of an EinsumDense, where the file tells it
    bool is_stack = false;                             // one kernel behind the other: experts
    std::optional<DimensionOrder> order_of_user = {};  // that a class in --types stands for
    std::string user_evidence = {};
    const SiblingOrder* siblings = nullptr;  // where they decide: square kernels and stacks
    const Shape* other_end = nullptr;        // of its heads: the query or the output beside it
};

struct FoundChannels {
    ChannelDims output;  // axis 0
    ChannelDims input;   // axis 1
    std::string evidence;
    std::string warning;  // empty: no contradiction
};

/// Returns the order that the bias speaks for; nothing if it fits both or none.
[[nodiscard]] std::optional<DimensionOrder> order_of_bias(LayerKind kind, const Shape& shape,
                                                          const Shape* bias);

/// Finds the channels. Axis 0 is what it is in torch: the input channels of a transposed
/// convolution, all channels of a depthwise one. A dimension of size 1 beside the channels does not
/// count as one of them.
[[nodiscard]] FoundChannels channels_of(const KernelFacts& kernel, const LayerHints& hints);

}  // namespace pal
