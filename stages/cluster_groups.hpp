// Cluster stage: clusters each group of a tensor with the chosen engine. The result is one LUT per
// group, in the weights' type.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "stages/cluster/cluster.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

struct ClusterOptions {
    Engine engine = Engine::kFast;
    std::uint64_t seed = 0;
    Effort effort = Effort::kFull;  // vectors only
    /// For a slab: number of its first group among those of the whole tensor. Seeds depend on it.
    std::size_t first_group = 0;
    /// Optimality gap to prove for the clusters of each scalar group, > 0. Nothing: no proof.
    std::optional<double> certify;
    /// Bytes of groups to gather at a time; one group may exceed it. A larger group of vectors is
    /// read again for every pass instead.
    std::uint64_t gather_bytes = std::uint64_t{64} << 20;
};

struct GroupLuts {
    /// [group][2^n_bits][cluster_dim], rounded to the weights' type. A short LUT repeats its last
    /// entry.
    std::vector<double> lut;
    /// Clusters as the reference engine assigned them, by index position. Empty for other engines
    /// and for vectors.
    std::vector<std::uint8_t> indices;
    /// Proven bound on (cost - optimum) / optimum of the centroids before rounding, largest over
    /// the groups. Nothing if it was not asked for, or for vectors.
    std::optional<double> optimality_gap;
};

/// Clusters each group; source.sensitivities, if set, weight the points. Seed, path and group seed
/// the vector engine. A proof stops at options.certify, or when it can do no better. Returns
/// nothing if a weight is NaN or infinite. Parallel over groups; a single group is parallel inside.
/// Same result for every thread count.
[[nodiscard]] std::optional<GroupLuts> cluster_groups(const ScaledWeights& source,
                                                      const PalettizationSpec& spec,
                                                      const ClusterOptions& options,
                                                      std::string_view path);

/// Most bytes that cluster_groups holds beside the LUTs. Groups that are streamed cost nothing.
/// Vectors that are read in passes cost their training set. Other groups are gathered: as many at a
/// time as fit options.gather_bytes, at least one. weighted: all groups are gathered, with
/// sensitivities.
[[nodiscard]] std::uint64_t clustering_bytes(const Geometry& geometry, DType dtype,
                                             const PalettizationSpec& spec,
                                             const ClusterOptions& options, bool weighted);

}  // namespace pal
