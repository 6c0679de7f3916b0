// Scale stage: finds the largest magnitude of each output channel. Weights are divided by it where
// blocks are read (weights.hpp).
#pragma once

#include <optional>
#include <vector>

#include "stages/weights/weights.hpp"

namespace pal {

/// Returns max |w| of each output channel, 1 where that is 0. Returns nothing if a weight is NaN or
/// infinite. One pass, parallel.
[[nodiscard]] std::optional<std::vector<double>> channel_scales(const Weights& weights,
                                                                const Geometry& geometry);

struct NonFinite {
    std::size_t count = 0;
    std::size_t first = 0;  // position of the first NaN or infinity
};
/// Counts the weights that are NaN or infinite. One pass, parallel.
[[nodiscard]] NonFinite count_nonfinite(const Weights& weights);

}  // namespace pal
