// Per-channel scale: the largest magnitude of each output channel. Dividing by it happens where
// blocks are read (weights.hpp).
#pragma once

#include <optional>
#include <vector>

#include "stages/weights/weights.hpp"

namespace pal {

/// max |w| over each output channel, 1 where that is 0. One pass. Nothing where a weight is NaN or
/// infinite.
[[nodiscard]] std::optional<std::vector<double>> channel_scales(const Weights& weights,
                                                                const Geometry& geometry);

struct NonFinite {
    std::size_t count = 0;
    std::size_t first = 0;  // position of the first NaN or infinity
};
[[nodiscard]] NonFinite count_nonfinite(const Weights& weights);

}  // namespace pal
