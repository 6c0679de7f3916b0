// The optimal partition into k intervals without a row for each of the k: by the price of a cluster
// at which k of them are best.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// k + 1 boundaries of a partition that costs, as computed, no more than a relative `tolerance`
/// above a lower bound of all partitions into k; nothing where that cannot be shown. 1 < k <
/// bins.size(). Costs: PrefixCosts or MergedCosts of the bins. price: at which about k clusters are
/// best, if known, else 0. O(n log n) whatever k: unknown prices are tried on few, coarse bins
/// first, one or two on all of them. O(n) memory.
template <class Costs>
[[nodiscard]] std::optional<std::vector<std::size_t>> proven_partition(std::span<const Bin> bins,
                                                                       const Costs& costs,
                                                                       std::size_t k, double price,
                                                                       double tolerance);

}  // namespace pal::cluster
