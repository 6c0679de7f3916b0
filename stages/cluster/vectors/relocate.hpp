// Relocation of centroids out of poor local optima. Lloyd's iteration cannot carry a centroid
// across others to a better place.
#pragma once

#include <vector>

#include "stages/cluster/vectors/random.hpp"
#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Removes the centroids whose loss costs least, and splits the clusters with the largest errors
/// instead. Keeps the result if it is better after some of Lloyd's iterations. This follows
/// Fritzke's breathing k-means (2020). At most `rounds` tries. cost: that of the given centroids.
/// Returns the cost of the final ones.
template <class Real>
double relocate(const TrainingSet<Real>& points, int rounds, double cost, Random& random,
                std::vector<double>& centroids);

}  // namespace pal::cluster
