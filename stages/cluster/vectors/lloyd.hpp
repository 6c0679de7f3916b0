// Lloyd's iteration over a source of vectors. Sums are taken over blocks that depend on the count
// alone and are added up in order: same bits for every number of threads and instruction set.
#pragma once

#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

/// What one pass over the points says about k centroids.
struct Pass {
    std::vector<double> offsets;   // [k][dim] weighted sum of (vector - its centroid)
    std::vector<double> weights;   // [k]
    std::vector<double> errors;    // [k] weighted sum of squared distances
    double cost = 0;               // sum of the errors
    std::vector<double> farthest;  // the vector with the largest weighted distance, and
    double farthest_error = 0;     // that distance squared: where an empty cluster starts anew
};

/// centroids: [k][dim], k <= 256. Parallel over blocks.
template <class Real>
[[nodiscard]] Pass pass_over(const VectorSource<Real>& source,
                             const std::vector<double>& centroids);

/// Moves every centroid `step` times the way to its mean. For a step of 0 to 2 the cost does not
/// rise (it is a parabola around the mean for each cluster), and beyond 1 it falls faster when many
/// clusters shift together. An empty cluster jumps to the farthest vector.
void move_centroids(const Pass& pass, double step, std::vector<double>& centroids);

struct LloydLimits {
    double tolerance = 0;  // stop when an iteration gains no more than this part of the cost
    int most_iterations = 300;
    double step = 1;
};

/// Iterates and leaves centroids at the means of the last pass, whose cost (to those means) it
/// returns.
template <class Real>
double lloyd(const VectorSource<Real>& source, const LloydLimits& limits,
             std::vector<double>& centroids);

}  // namespace pal::cluster
