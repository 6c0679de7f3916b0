// Optimal partitions of sorted bins into intervals: dynamic programming, over all bins or within
// windows.
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/interval_costs.hpp"

namespace pal::cluster {

/// Boundaries 0 = b[0] < b[1] < ... < b[k] = costs.size() of the k intervals of least total cost, 1
/// <= k <= costs.size(). Monotone divide and conquer a row (Grønlund et al. 2017, arXiv:1701.07204,
/// section 2): O(k n log n) time. O(n) memory: where a table of k n boundaries would be large, only
/// the boundary in the middle is carried along and both sides are solved again (Hirschberg 1975),
/// at twice the time. Rows are parallel where they are long.
[[nodiscard]] std::vector<std::size_t> optimal_partition(const IntervalCosts& costs, std::size_t k);

/// Improves a partition, coarse to fine: exact over `coarse_cuts` (ascending bin positions, 0 and
/// costs.size() included, at least k + 1), then with ever more cut positions, every boundary within
/// a window around its place that is moved until no boundary ends at its edge. Near the optimum
/// over all bins, at a cost that hardly depends on their number.
[[nodiscard]] std::vector<std::size_t> windowed_partition(const IntervalCosts& costs,
                                                          std::vector<std::size_t> coarse_cuts,
                                                          std::size_t k);

[[nodiscard]] double partition_cost(const IntervalCosts& costs,
                                    const std::vector<std::size_t>& boundaries);

}  // namespace pal::cluster
