// Checks a palettized tensor against the weights that it was made from.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Returns the dataset of `original` with the path, shape and type of a palettized tensor; null if
/// there is none.
[[nodiscard]] const DatasetInfo* original_of(const CheckpointInfo& original,
                                             const PalettizedTensorInfo& tensor);

struct TensorCheck {
    ErrorReport error;                  // of the decoded tensor
    std::vector<std::string> problems;  // one line each; empty: all checks hold
};

/// Checks that LUTs are ascending, and that quantized LUTs decode to them. Checks that each scale
/// is the largest magnitude of its channel.
///
/// indices_are_nearest: checks also that each index is that of the nearest entry. False for the
/// reference engine, which keeps the clusters of upstream.
///
/// Parallel. Reads all weights.
[[nodiscard]] TensorCheck check_tensor(const Weights& original, const PalettizedTensor& tensor,
                                       const PalettizationSpec& spec, bool indices_are_nearest);

}  // namespace pal
