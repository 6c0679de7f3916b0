// Points of each group of a tensor, as clustering takes them: floats read in passes, or gathered
// points, with weights where there are sensitivities.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "stages/cluster/types/points.hpp"
#include "stages/groups/gather.hpp"
#include "stages/groups/point_weights.hpp"
#include "stages/parallel/parallel.hpp"

namespace pal {

/// True if groups can be read in passes and need not be held as a whole: each group is one run of
/// unweighted scalar floats. weighted: there are sensitivities.
[[nodiscard]] bool can_stream_groups(const Geometry& geometry, DType dtype, bool weighted);

/// Returns passes over a group that can_stream_groups allows. own: reader of the calling thread; it
/// and source must outlive the result. A small group is read once and kept. Larger ones, and 16-bit
/// weights that are counted as stored, are read again for every pass.
[[nodiscard]] cluster::FloatBlocks blocks_of_group(const ScaledWeights& source, std::size_t group,
                                                   BlockReader<float>& own);

/// Bytes of a gathered group, without the weights of its points.
[[nodiscard]] std::uint64_t gathered_group_bytes(const Geometry& geometry, DType dtype);

/// Gathers all groups and calls visit(group, WeightedPoints<Real>, scale of their weights) for
/// each, in parallel. Holds as many groups at a time as fit gather_bytes, at least one. Weights and
/// scale are those of PointWeights; weights are empty without sensitivities.
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
