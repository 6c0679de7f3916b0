// A training set of bins of the plane.
#pragma once

#include <optional>

#include "stages/cluster/vectors/training_set.hpp"

namespace pal::cluster {

/// Vectors of 2 without weights as bins of the plane, each with its count and mean: the data for
/// Lloyd's iteration in far fewer points. What lies outside the bulk of `sample` stays as it is.
/// Nothing where a bin would be too coarse for clusters of this mean squared distance, or where too
/// much lies outside. Sums are integers: the order of the points does not matter.
template <class Real>
[[nodiscard]] std::optional<TrainingSet<Real>> plane_bins(const VectorSource<Real>& source,
                                                          const TrainingSet<Real>& sample,
                                                          double cluster_variance);

}  // namespace pal::cluster
