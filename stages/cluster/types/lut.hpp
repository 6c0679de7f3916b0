// The LUT of a group, as every engine returns it.
#pragma once

#include <cstdint>
#include <vector>

namespace pal {

/// k centroids and their cost. The reference engine also returns the clusters it assigned.
struct Lut {
    std::vector<double> centroids;  // [k * dim]; scalars ascend, vectors ascend lexicographically
    double cost = 0;  // weighted sum of squared distances to the mean of the own cluster: no less
                      // than the cost at the nearest centroids; 0 where it underflows
    std::vector<std::uint8_t>
        clusters;  // reference engine only: cluster of each point, in the points' order
};

}  // namespace pal
