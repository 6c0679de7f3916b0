// A look at a few of a group's values: how they lie, before they are counted.
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Every `stride`-th value of up to 2^18, or 2^16 values in pieces spread evenly over more. An odd
/// stride meets every place of a kernel or a row.
[[nodiscard]] std::vector<float> sampled(const FloatBlocks& values, std::size_t stride);

}  // namespace pal::cluster
