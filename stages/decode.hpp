// Decoding a palettized tensor, and what it lost: value = LUT[group][index][component] *
// scale[channel], computed in float (f64 tensors: double) and rounded once to the weight's dtype.
#pragma once

#include "stages/tensor.hpp"

namespace pal {

/// The weights that a palettized tensor stands for, in the order of the file. Indices in range
/// (checked by the reader).
[[nodiscard]] WeightValues decode(const PalettizedTensor& tensor);

struct ErrorReport {
    double mse = 0;
    double sqnr_db = 0;  // infinity where nothing is lost
    double max_abs_error = 0;
    bool finite = true;  // all that was decoded; else the numbers above mean nothing
};

/// Same order, same number type and count. Sums over fixed blocks in a fixed order.
[[nodiscard]] ErrorReport measure_error(const WeightValues& original, const WeightValues& decoded);

}  // namespace pal
