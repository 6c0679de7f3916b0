// The vector engine: k-means over points of several components.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/cluster/vectors/vector_source.hpp"

namespace pal {

/// How much is tried to leave poor optima. kLittle: one start and a few relocations; up to
/// four times as fast, mostly within 2 % of the cost: for LUTs that tell what a width loses.
enum class Effort { kFull, kLittle };

/// k-means++ with restarts and Lloyd to convergence for points of `dim` components; fewer distinct
/// points than clusters give exactly those points. Deterministic in `seed`.
template <class Real>
[[nodiscard]] Lut cluster_vectors(const WeightedPoints<Real>& points, std::size_t dim,
                                  std::size_t max_clusters, std::uint64_t seed,
                                  Effort effort = Effort::kFull);

namespace cluster {

/// cluster_vectors for any source, in passes over it: one more than for points in memory, to see
/// that all values are finite. Nothing where one is not. Beside the source it holds at most
/// vector_training_bytes().
template <class Real>
[[nodiscard]] std::optional<Lut> cluster_source(const VectorSource<Real>& source,
                                                std::size_t max_clusters, std::uint64_t seed,
                                                Effort effort = Effort::kFull);
[[nodiscard]] std::uint64_t vector_training_bytes(std::size_t dim, std::size_t max_clusters,
                                                  std::size_t real_bytes);

/// Vectors that starts are made of, and those trained on afterwards, at most: 32 and 256 for a
/// centroid, or what is quick anyway.
[[nodiscard]] std::size_t start_points(std::size_t max_clusters);
[[nodiscard]] std::size_t sample_points(std::size_t max_clusters);

}  // namespace cluster

}  // namespace pal
