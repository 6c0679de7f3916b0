// Windows that hold the boundaries of optimal partitions of data, proven from bins of the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/cluster/bounds/binned_data.hpp"

namespace pal::cluster {

struct BoundaryWindows {
    /// [bin]: 1 if an optimal partition may have a boundary inside the bin or at one of its edges,
    /// else 0. Empty if the bins are too coarse to tell.
    std::vector<std::uint8_t> open;
    double price = 0;  // at which about k clusters are best
};

/// Finds the windows for partitions of the data into k clusters, k >= 2. Two relaxed problems
/// (priced_partition.hpp), solved from either end, meet at each bin. A bin is closed if every
/// solution with a boundary there costs more than a good partition. O(n log n).
[[nodiscard]] BoundaryWindows boundary_windows(const BinnedData& data, std::size_t k);

}  // namespace pal::cluster
