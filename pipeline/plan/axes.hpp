// Which dimension of a dataset is the output-channel axis and which the input-channel axis.
#pragma once

#include <map>
#include <string>

#include "io/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// torch: (out, in, ...). Keras: the last dimension is output, the one before it input (Dense,
/// Conv, recurrent kernels), but
/// - depthwise kernels (..., in, mult): the channels are the last but one, as in torch's (channels,
/// 1, ...);
/// - transposed convolutions (..., out, in);
/// - embeddings (entries, dim), as in torch;
/// - Keras 1 on Theano wrote convolutions (out, in, ...).
/// layer_types: layer name -> Keras class where the file has a model_config. Rank 0 and 1: both are
/// dimension 0.
[[nodiscard]] AxisMap axis_map(const DatasetInfo& dataset, Layout layout,
                               const std::map<std::string, std::string>& layer_types);

}  // namespace pal
