// Signs that a partition that was searched in steps may be far from the best one. Steps may hide a
// better place for a boundary if bins lie in clumps, or if few of them make most of the cost.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

struct Roughness {
    bool is_rough = false;
    double cost = 0;  // of the partition, without the spread inside bins; 0 if nothing was computed
};

/// Judges the partition of `bins` at ascending `boundaries` (0, ..., bins.size()). steps: number of
/// steps of its search from a boundary to the next. By measurement, not proof. O(n).
[[nodiscard]] Roughness roughness_of(std::span<const Bin> bins,
                                     const std::vector<std::size_t>& boundaries, double steps);

}  // namespace pal::cluster
