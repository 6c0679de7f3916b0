// What vector clustering trains on: few points that stand for many.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

/// Points of its own: what training takes from a source.
template <class Real>
struct TrainingSet {
    std::size_t dim = 1;
    std::vector<Real> values;     // [count][dim]
    std::vector<double> weights;  // [count]
    [[nodiscard]] std::size_t count() const { return weights.size(); }
    [[nodiscard]] PointsInMemory<Real> source() const { return {{values, weights}, dim}; }
};

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

}  // namespace pal::cluster
