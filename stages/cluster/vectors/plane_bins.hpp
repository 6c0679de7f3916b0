// Bins of the plane as a training set: far fewer points than vectors.
#pragma once

#include <optional>

#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Puts vectors of dimension 2 without weights into bins of the plane, each with its count and
/// mean. Vectors outside the bulk of `sample` stay single. Returns nothing if a bin would be too
/// coarse for clusters of this mean squared distance, or if too many vectors lie outside. Sums are
/// integers: the order of the points does not matter. One pass, parallel.
template <class Real>
[[nodiscard]] std::optional<TrainingSet<Real>> plane_bins(const VectorSource<Real>& source,
                                                          const TrainingSet<Real>& sample,
                                                          double cluster_variance);

}  // namespace pal::cluster
