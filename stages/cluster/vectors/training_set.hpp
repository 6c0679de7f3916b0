// Training sets of vector clustering: few points that stand for many.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"

namespace pal::cluster {

/// Points that training takes from a source, and owns.
template <class Real>
struct TrainingSet {
    std::size_t dim = 1;
    std::vector<Real> values;     // [count][dim]
    std::vector<double> weights;  // [count]
    [[nodiscard]] std::size_t count() const { return weights.size(); }
    [[nodiscard]] PointsInMemory<Real> source() const { return {{values, weights}, dim}; }
};

/// Returns the distinct vectors of positive weight in lexicographic order, [count][dim]. Returns
/// nothing if there are more than `most`. Reads no further than it must.
template <class Real>
[[nodiscard]] std::optional<std::vector<double>> few_distinct(const VectorSource<Real>& source,
                                                              std::size_t most);

/// Draws at most about `count` distinct vectors, with weights. Takes all vectors if they are few,
/// otherwise one from each of as many equal strata, at a pseudo-random place in it. A regular
/// stride would meet the same kernel position or input channel over and over. A sample that is
/// mostly repetition (zeros of a pruned tensor) says too little about the rest: then a larger one
/// is drawn.
template <class Real>
[[nodiscard]] TrainingSet<Real> training_sample(const VectorSource<Real>& source,
                                                std::size_t count);

/// Makes `count` draws from equal strata of the weight. A vector drawn twice has twice the weight.
/// Returns `points` if they are no more than `count`.
template <class Real>
[[nodiscard]] TrainingSet<Real> resampled(const TrainingSet<Real>& points, std::size_t count);

}  // namespace pal::cluster
