// Optimal partitions into k intervals without a row for each of the k: by the price of a cluster at
// which k of them are best.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// Returns the k + 1 boundaries of a partition, or nothing if no proof is found. Its computed cost
/// is at most a relative `tolerance` above a lower bound of all partitions into k. 1 < k <
/// bins.size(). costs: PrefixCosts or MergedCosts of the bins. price: one at which about k clusters
/// are best, or 0 if unknown. O(n log n) for any k; O(n) memory. Unknown prices are tried on few,
/// coarse bins first, then one or two on all of them.
template <class Costs>
[[nodiscard]] std::optional<std::vector<std::size_t>> proven_partition(std::span<const Bin> bins,
                                                                       const Costs& costs,
                                                                       std::size_t k, double price,
                                                                       double tolerance);

/// Returns the boundaries of a partition whose computed cost is at most a relative `tolerance`
/// above the optimum. Empty if none is found soon, or if prefix sums may have cancelled by more
/// than that. 1 < k < bins.size(). Mostly takes two or three prices, some 30 ns a bin each.
[[nodiscard]] std::vector<std::size_t> quick_partition(std::span<const Bin> bins, std::size_t k,
                                                       double tolerance);

}  // namespace pal::cluster
