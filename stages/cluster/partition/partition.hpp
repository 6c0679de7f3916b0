// Optimal partitions of sorted bins into intervals, by dynamic programming over all bins or within
// windows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Returns the boundaries 0 = b[0] < b[1] < ... < b[k] = bins.size() of the k intervals of least
/// total cost, 1 <= k <= bins.size(). price: as proven_partition has it. Parallel where there are
/// many bins.
///
/// proven_partition comes first: O(n log n) time and O(n) memory for any k. If it shows no optimum
/// to 1e-7, divide and conquer fills a row per cluster: O(k n log n). If a table of k n boundaries
/// would be large, only the middle boundary is carried along, and both sides are solved again
/// (Hirschberg 1975), at twice the time.
///
/// Costs come from prefix sums. If these may have cancelled by more than 1e-7 of the result, costs
/// of full precision solve it once more.
[[nodiscard]] std::vector<std::size_t> optimal_partition(std::span<const Bin> bins, std::size_t k,
                                                         double price = 0);

/// Returns a partition near the optimum over all bins, at a cost that hardly depends on their
/// number. It starts with the optimum over `coarse_cuts`: ascending bin positions, 0 and
/// bins.size() included, at least k + 1. Ever more cut positions follow. Each boundary moves within
/// a window around its place, until none ends at the edge of its window.
[[nodiscard]] std::vector<std::size_t> windowed_partition(
    std::span<const Bin> bins, const std::vector<std::size_t>& coarse_cuts, std::size_t k);

/// Returns the weight, mean and cost (in coordinates) of each interval, to full precision. The mean
/// of a cluster of one value is exactly that value.
[[nodiscard]] std::vector<Bin> clusters_of(std::span<const Bin> bins,
                                           const std::vector<std::size_t>& boundaries);

}  // namespace pal::cluster
