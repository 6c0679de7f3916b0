// Where the boundaries of an optimal partition of data can lie, proven from bins of the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/cluster/bounds/binned_data.hpp"

namespace pal::cluster {

struct BoundaryWindows {
    /// [bin]: 1 where some optimal partition may have a boundary inside the bin or at one of its
    /// edges, else 0. Empty where the bins are too coarse to tell.
    std::vector<std::uint8_t> open;
    double price = 0;  // at which about as many clusters are best
};

/// For partitions of the data into k clusters, k >= 2. Two relaxed problems (priced_partition.hpp)
/// meet at each bin, one from either end: what passes through it must cost no more than a good
/// partition. O(n log n).
[[nodiscard]] BoundaryWindows boundary_windows(const BinnedData& data, std::size_t k);

}  // namespace pal::cluster
