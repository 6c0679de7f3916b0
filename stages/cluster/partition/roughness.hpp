// Whether a partition that was searched in steps may be far from the best one: where bins lie in
// clumps, or few of them make most of the cost, steps may hide a better place for a boundary.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

struct Roughness {
    bool is_rough = false;
    double cost =
        0;  // of the partition, without what bins have inside; 0 where it was not looked at
};

/// Of the partition of `bins` at `boundaries` (0, ..., bins.size()), ascending, that was searched
/// in so many steps from a boundary to the next. By measurement, not proof. O(n).
[[nodiscard]] Roughness roughness_of(std::span<const Bin> bins,
                                     const std::vector<std::size_t>& boundaries, double steps);

}  // namespace pal::cluster
