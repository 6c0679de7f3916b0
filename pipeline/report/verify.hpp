// Checks of one palettized tensor against the weights it was made from.
#pragma once

#include <string>
#include <vector>

#include "io/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// The dataset that a palettized tensor can have been made from: of its path, shape and type. Null
/// where `original` has none.
[[nodiscard]] const DatasetInfo* original_of(const CheckpointInfo& original,
                                             const PalettizedTensorInfo& tensor);

struct TensorCheck {
    ErrorReport error;                  // measured on what was decoded
    std::vector<std::string> problems;  // one line each; empty: everything holds
};

/// LUT ascending, quantized LUT decodes to the LUT, scales are the channels' largest magnitudes,
/// every index the nearest (not asked of the reference engine, which keeps upstream's clusters).
[[nodiscard]] TensorCheck check_tensor(const Weights& original, const PalettizedTensor& tensor,
                                       const PalettizationSpec& spec, bool indices_are_nearest);

}  // namespace pal
