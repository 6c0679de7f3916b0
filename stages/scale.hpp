// Per-channel scale: the largest magnitude of each output channel, and the weights divided by it.
#pragma once

#include <vector>

#include "stages/tensor.hpp"

namespace pal {

/// max |w| over each output channel, 1 where that is 0. Values finite (checked upstream).
/// O(weights).
[[nodiscard]] std::vector<double> channel_scales(const WeightValues& weights,
                                                 const Geometry& geometry);

/// weights / scale of their channel, rounded to dtype (the scale is one of the weights: |result| <=
/// 1). A new buffer: the originals are still wanted for the error report.
[[nodiscard]] WeightValues scale_weights(const WeightValues& weights, const Geometry& geometry,
                                         const std::vector<double>& scales, DType dtype);

struct NonFinite {
    std::size_t count = 0;
    std::size_t first = 0;  // position of the first NaN or infinity
};
[[nodiscard]] NonFinite count_nonfinite(const WeightValues& weights);

}  // namespace pal
