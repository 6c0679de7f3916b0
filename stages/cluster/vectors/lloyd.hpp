// Lloyd's iteration over a source of vectors. Sums are taken over blocks, which depend on the count
// alone, and added up in order. The bits are the same for any number of threads and any instruction
// set.
#pragma once

#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

struct LloydLimits {
    double tolerance = 0;  // stop when an iteration gains no more than this part of the cost
    int most_iterations = 300;
    /// Part of the way from a centroid to its mean; more than 1 goes beyond it.
    double step = 1;
};

/// Moves the centroids, [k][dim], until a limit is met. Leaves them at the means of the last pass
/// and returns the cost to those means. k <= 256.
template <class Real>
double lloyd(const VectorSource<Real>& source, const LloydLimits& limits,
             std::vector<double>& centroids);

}  // namespace pal::cluster
