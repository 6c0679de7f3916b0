// The vector engine: k-means over points of several components.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/cluster/vectors/vector_source.hpp"

namespace pal {

/// Effort to leave poor optima. kLittle makes one start and a few relocations: up to four times as
/// fast, mostly within 2 % of the cost. It serves LUTs that tell what a width loses.
enum class Effort { kFull, kLittle };

/// Clusters points of `dim` components: k-means++ with restarts, then Lloyd's iteration to
/// convergence. Fewer distinct points than clusters give exactly those points. Deterministic in
/// `seed`.
template <class Real>
[[nodiscard]] Lut cluster_vectors(const WeightedPoints<Real>& points, std::size_t dim,
                                  std::size_t max_clusters, std::uint64_t seed,
                                  Effort effort = Effort::kFull);

namespace cluster {

/// Clusters any source, in passes over it. One more pass than for points in memory checks that all
/// values are finite; returns nothing if one is not. Holds at most vector_training_bytes() beside
/// the source.
template <class Real>
[[nodiscard]] std::optional<Lut> cluster_source(const VectorSource<Real>& source,
                                                std::size_t max_clusters, std::uint64_t seed,
                                                Effort effort = Effort::kFull);
/// Returns the bytes that training holds at most, beside the source.
[[nodiscard]] std::uint64_t vector_training_bytes(std::size_t dim, std::size_t max_clusters,
                                                  std::size_t real_bytes);

/// Largest numbers of vectors that starts are made of, and that are trained on afterwards: 32 and
/// 256 per centroid, or as many as are quick anyway.
[[nodiscard]] std::size_t start_points(std::size_t max_clusters);
[[nodiscard]] std::size_t sample_points(std::size_t max_clusters);

}  // namespace cluster

}  // namespace pal
