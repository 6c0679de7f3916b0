// A training set that knows the far vectors.
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// About `count` vectors, drawn half by weight and half by what they cost at these centroids, with
/// weights that make up for it: the few far ones that a plain sample would miss are all there.
/// mean_cost: an estimate of the cost by weight. One pass.
template <class Real>
[[nodiscard]] TrainingSet<Real> sample_by_cost(const VectorSource<Real>& source,
                                               const std::vector<double>& centroids,
                                               double mean_cost, std::size_t count);

}  // namespace pal::cluster
