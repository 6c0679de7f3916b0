// Classes of layers: the kind of each, and the classes that group names of Keras stand for.
#pragma once

#include <optional>
#include <string>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/layer.hpp"

namespace pal {

/// Returns the kind of a class of Keras, torch or Caffe; of the innermost one of a wrapper, such as
/// "TimeDistributed(Dense)". kUnknown for others.
[[nodiscard]] LayerKind kind_of_class(const std::string& type);

/// True for Keras' classes that wrap a layer: "Bidirectional". The wrapped layer tells the kind.
[[nodiscard]] bool is_wrapper(const std::string& type);

/// Returns the order in which the framework of a class stores its kernels: Dense has (in, out),
/// Linear (out, in). Nothing where two frameworks share the name, such as LSTM, or nearly do, such
/// as MultiHeadAttention.
[[nodiscard]] std::optional<DimensionOrder> order_of_class(const std::string& type);

/// Returns the Keras class that a default name stands for: "conv2d_3" -> "Conv2D", "p_re_lu" ->
/// "PReLU". Empty for other names.
[[nodiscard]] std::string class_of_default_name(const std::string& name);

/// True for a transposed convolution with its default name of Flax, which stores (..., in, out).
[[nodiscard]] bool is_transposed_of_flax(const std::string& name);

/// Returns the torch class of a layer of this kind; empty where the kind does not tell.
/// rank: of its kernel.
[[nodiscard]] std::string torch_class_of(LayerKind kind, std::size_t rank);

/// Likewise the Keras class of a layer whose kernel is no recurrent one.
[[nodiscard]] std::string keras_class_of(LayerKind kind, std::size_t rank);

}  // namespace pal
