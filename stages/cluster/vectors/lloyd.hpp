// Lloyd's iteration over a source of vectors. Sums are taken over blocks that depend on the count
// alone and are added up in order: same bits for every number of threads and instruction set.
#pragma once

#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

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
