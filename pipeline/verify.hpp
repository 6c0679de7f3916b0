// Checks of one palettized tensor against the weights it was made from.
#pragma once

#include <string>
#include <vector>

#include "stages/decode.hpp"
#include "stages/tensor.hpp"

namespace pal {

struct TensorCheck {
    ErrorReport error;                  // measured on what was decoded
    std::vector<std::string> problems;  // one line each; empty: everything holds
};

/// LUT ascending, quantized LUT decodes to the LUT, scales are the channels' largest magnitudes,
/// every index the nearest (not asked of the reference engine, which keeps upstream's clusters).
[[nodiscard]] TensorCheck check_tensor(const Weights& original, const PalettizedTensor& tensor,
                                       const PalettizationSpec& spec, bool indices_are_nearest);

}  // namespace pal
