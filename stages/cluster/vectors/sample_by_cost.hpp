// A training set that holds the few far vectors.
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Draws about `count` vectors in one pass: half by weight, half by their cost at these centroids.
/// Weights make up for it. All the few far vectors, which a plain sample would miss, are there.
/// mean_cost: an estimate of the cost per weight.
template <class Real>
[[nodiscard]] TrainingSet<Real> sample_by_cost(const VectorSource<Real>& source,
                                               const std::vector<double>& centroids,
                                               double mean_cost, std::size_t count);

}  // namespace pal::cluster
