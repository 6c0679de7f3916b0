// Starts of vector clustering: k-means++ (Arthur and Vassilvitskii 2007).
#pragma once

#include <cstddef>
#include <vector>

#include "stages/cluster/vectors/random.hpp"
#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Draws k seeds, [k][dim], by their distance to those before; each is the best of a few draws.
/// Returns fewer if there are fewer distinct points. O(points * k * dim), serial.
template <class Real>
[[nodiscard]] std::vector<double> plus_plus_seeds(const TrainingSet<Real>& points, std::size_t k,
                                                  Random& random);

}  // namespace pal::cluster
