// Few distinct values among many: weights that were rounded to a grid, or pruned.
#pragma once

#include <optional>

#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/types/float_blocks.hpp"

namespace pal::cluster {

/// The distinct values with their counts where there are at most 16384, nothing where there are
/// more. Finite values. One pass at most; a table a thread.
[[nodiscard]] std::optional<DistinctValues<float>> few_values(const FloatBlocks& values);

}  // namespace pal::cluster
