// The points of each group of a tensor, as clustering takes them: floats that are read in passes,
// or points that are gathered, with their weights where there are sensitivities.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "stages/cluster/cluster.hpp"
#include "stages/groups/gather.hpp"
#include "stages/groups/point_weights.hpp"
#include "stages/parallel/parallel.hpp"

namespace pal {

/// Whether the groups of a tensor lie together in it, as unweighted floats that are no vectors:
/// such groups need not be held as a whole.
[[nodiscard]] bool can_stream_groups(const Geometry& geometry, DType dtype, bool weighted);

/// The passes over one such group. own: what reads on the calling thread; it and source outlive the
/// result. A small group is read once and kept; a large one is read again for every pass, and so is
/// what is counted as it is stored.
[[nodiscard]] cluster::FloatBlocks blocks_of_group(const ScaledWeights& source, std::size_t group,
                                                   BlockReader<float>& own);

/// What a group takes where it is gathered, without its weights.
[[nodiscard]] std::uint64_t gathered_group_bytes(const Geometry& geometry, DType dtype);

/// Calls visit(group, WeightedPoints<Real>, scale of their weights) for all groups, side by side:
/// gathered, as many at a time as take gather_bytes, or one. Weights are those of PointWeights, or
/// empty.
template <class Real, class Visit>
void for_each_gathered_group(const ScaledWeights& source, std::uint64_t gather_bytes,
                             const Visit& visit) {
    const Geometry& geometry = source.geometry;
    const std::uint64_t bytes = gathered_group_bytes(geometry, source.dtype);
    const std::size_t at_a_time =
        std::max<std::uint64_t>(1, gather_bytes / std::max<std::uint64_t>(1, bytes));
    for (std::size_t first = 0; first < geometry.group_count; first += at_a_time) {
        const std::size_t count = std::min(at_a_time, geometry.group_count - first);
        const GatheredGroups<Real> groups(source, first, count);
        std::optional<PointWeights> weights;
        if (source.sensitivities != nullptr) weights.emplace(source, first, count);
        for_each_task(count, [&](std::size_t g) {
            const PointWeights::Group own =
                weights ? weights->of_group(first + g) : PointWeights::Group{};
            visit(first + g, WeightedPoints<Real>{groups.points(first + g), own.weights},
                  own.scale);
        });
    }
}

}  // namespace pal
