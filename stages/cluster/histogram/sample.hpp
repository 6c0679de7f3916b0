// A sample of a group's values, which tells how they lie before they are counted.
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Returns every `stride`-th of up to 2^18 values. From more values it returns 2^16, in pieces of
/// neighbours that are spread evenly. An odd stride meets every place of a kernel or a row.
[[nodiscard]] std::vector<float> sampled(const FloatBlocks& values, std::size_t stride);

}  // namespace pal::cluster
