// How vector clustering leaves poor local optima: Lloyd's iteration cannot carry a centroid across
// others to where it is needed more.
#pragma once

#include <vector>

#include "stages/cluster/vectors/random.hpp"
#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Takes away the centroids whose loss costs least, splits the clusters with the largest errors
/// instead, and keeps what is better after some of Lloyd's iterations; in the manner of Fritzke's
/// breathing k-means (2020). At most `rounds` tries. cost: that of the centroids given; returns
/// that of those left.
template <class Real>
double relocate(const TrainingSet<Real>& points, int rounds, double cost, Random& random,
                std::vector<double>& centroids);

}  // namespace pal::cluster
