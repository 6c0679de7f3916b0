// Optimal partitions of sorted bins into intervals: dynamic programming, over all bins or within
// windows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Boundaries 0 = b[0] < b[1] < ... < b[k] = bins.size() of the k intervals of least total cost, 1
/// <= k <= bins.size(). proven_partition: O(n log n) time and O(n) memory whatever k. Where it
/// shows no optimum to 1e-7, monotone divide and conquer a row, O(k n log n): where a table of k n
/// boundaries would be large, only the boundary in the middle is carried along and both sides are
/// solved again (Hirschberg 1975), at twice the time. Parallel where there are many bins. Solved
/// with prefix sums, and once more with costs of full precision where the prefix sums may have
/// cancelled by more than 1e-7 of the result. price: as proven_partition has it.
[[nodiscard]] std::vector<std::size_t> optimal_partition(std::span<const Bin> bins, std::size_t k,
                                                         double price = 0);

/// A good partition, coarse to fine: exact over `coarse_cuts` (ascending bin positions, 0 and
/// bins.size() included, at least k + 1), then with ever more cut positions, every boundary within
/// a window around its place that is moved until no boundary ends at its edge. Near the optimum
/// over all bins, at a cost that hardly depends on their number.
[[nodiscard]] std::vector<std::size_t> windowed_partition(
    std::span<const Bin> bins, const std::vector<std::size_t>& coarse_cuts, std::size_t k);

/// Mean and cost (in coordinates) of each interval, to full precision; a cluster of one value has
/// exactly that value for its mean.
[[nodiscard]] std::vector<Bin> clusters_of(std::span<const Bin> bins,
                                           const std::vector<std::size_t>& boundaries);

}  // namespace pal::cluster
