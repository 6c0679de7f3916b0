// What vector clustering trains on: few points that stand for many.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

/// The distinct vectors of positive weight in lexicographic order, [count][dim]; nothing where
/// there are more than `most`. Reads no further than it must.
template <class Real>
[[nodiscard]] std::optional<std::vector<double>> few_distinct(const VectorSource<Real>& source,
                                                              std::size_t most);

/// At most about `count` distinct vectors with weights. Few vectors: all of them. Otherwise one
/// from each of as many equal strata, at a pseudo-random place in it: a regular stride would meet
/// the same kernel position or input channel over and over. Where most of such a sample is
/// repetition (zeros of a pruned tensor) it says too little about the rest: then a larger one is
/// drawn.
template <class Real>
[[nodiscard]] TrainingSet<Real> training_sample(const VectorSource<Real>& source,
                                                std::size_t count);

/// `count` draws from equal strata of the weight; a vector drawn twice has twice the weight.
template <class Real>
[[nodiscard]] TrainingSet<Real> resampled(const TrainingSet<Real>& points, std::size_t count);

/// About `count` vectors, drawn half by weight and half by what they cost at these centroids, with
/// weights that make up for it: the few far ones that a plain sample would miss are all there.
/// mean_cost: an estimate of the cost by weight. One pass.
template <class Real>
[[nodiscard]] TrainingSet<Real> sample_by_cost(const VectorSource<Real>& source,
                                               const std::vector<double>& centroids,
                                               double mean_cost, std::size_t count);

/// Vectors of 2 without weights as bins of the plane, each with its count and mean: the data for
/// Lloyd's iteration in far fewer points. What lies outside the bulk of `sample` stays as it is.
/// Nothing where a bin would be too coarse for clusters of this mean squared distance, or where too
/// much lies outside. Sums are integers: the order of the points does not matter.
template <class Real>
[[nodiscard]] std::optional<TrainingSet<Real>> plane_bins(const VectorSource<Real>& source,
                                                          const TrainingSet<Real>& sample,
                                                          double cluster_variance);

}  // namespace pal::cluster
