// Finds the output-channel and the input-channel dimension of a dataset.
#pragma once

#include <map>
#include <string>

#include "io/read/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Returns both dimensions. Datasets of rank 0 and 1 have dimension 0 for both.
///
/// Torch stores (out, in, ...). Keras stores the input before the output, in the last two
/// dimensions (Dense, Conv, recurrent kernels), with these exceptions:
/// - depthwise kernels (..., in, mult): the channels are the last but one, as in torch's (channels,
///   1, ...);
/// - transposed convolutions (..., out, in);
/// - embeddings (entries, dim), as in torch;
/// - convolutions that Keras 1 wrote with Theano (out, in, ...).
///
/// layer_types: layer name -> Keras class, if the file has a model_config.
[[nodiscard]] AxisMap axis_map(const DatasetInfo& dataset, Layout layout,
                               const std::map<std::string, std::string>& layer_types);

}  // namespace pal
