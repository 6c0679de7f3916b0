// The cluster stage: every group of a tensor through the chosen engine, into one LUT a group in the
// weight's dtype.
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
    Effort effort = Effort::kFull;  // of vectors
    /// Of a slab of a tensor: where its groups stand among those of the whole, whose seeds they
    /// have.
    std::size_t first_group = 0;
    /// The optimality gap to prove of every scalar LUT, > 0; nothing asks for no proof.
    std::optional<double> certify;
    /// Groups that are gathered take so much at a time, or one group. Larger ones of vectors are
    /// read again for every pass instead. The result does not depend on it.
    std::uint64_t gather_bytes = std::uint64_t{64} << 20;
};

struct GroupLuts {
    std::vector<double> lut;  // [group][2^n_bits][cluster_dim], rounded to dtype, short LUTs
                              // padded with their last
    std::vector<std::uint8_t>
        indices;  // reference engine with cluster_dim 1 only: its own clusters, by index position
    /// (cost - optimum) / optimum of the LUTs as clustered, before they are rounded, at most:
    /// proven, the largest over the groups. Nothing where it was not asked for, or for vectors.
    std::optional<double> optimality_gap;
};

/// One LUT a group, of points that are weighted by source.sensitivities; a proof of its gap
/// stops at options.certify or when it can do no better. path seeds the vector engine together with
/// the seed and the group. Nothing where a weight is NaN or infinite. Parallel over groups; a
/// single group is parallel inside. Same result for every thread count.
[[nodiscard]] std::optional<GroupLuts> cluster_groups(const ScaledWeights& source,
                                                      const PalettizationSpec& spec,
                                                      const ClusterOptions& options,
                                                      std::string_view path);

/// What cluster_groups holds in memory beside the LUTs, at most: groups that are read in pieces
/// cost nothing, of vectors what they train on; others are gathered, as many at a time as fit
/// options.gather_bytes, or one. weighted: with sensitivities, which every group is gathered for.
[[nodiscard]] std::uint64_t clustering_bytes(const Geometry& geometry, DType dtype,
                                             const PalettizationSpec& spec,
                                             const ClusterOptions& options, bool weighted);

}  // namespace pal
