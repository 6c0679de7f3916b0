// The result of every engine.
#pragma once

#include <cstdint>
#include <vector>

namespace pal {

/// k ascending centroids and what they cost. For the reference engine also the clusters it
/// assigned.
struct Lut {
    std::vector<double>
        centroids;    // [k * dim], scalar: ascending; vectors: lexicographically ascending
    double cost = 0;  // weighted sum of squared distances to the mean of the own cluster: at least
                      // what the points cost at their nearest centroids; 0 where it underflows
    std::vector<std::uint8_t>
        clusters;  // reference engine only: cluster of each point, in the points' order
};

}  // namespace pal
