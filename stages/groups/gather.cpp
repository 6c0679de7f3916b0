#include "stages/groups/gather.hpp"

#include <algorithm>

#include "stages/parallel/parallel.hpp"

namespace pal {

namespace {

// Weights between groups. Groups at a distance of a power of two would share the caches' sets.
constexpr std::size_t kPadding = 16;

/// Runs of index positions that cover the groups, for tasks of about kBlock weights. Adjacent runs
/// of neighbouring groups count as one.
struct Rows {
    std::size_t count;      // number of runs
    std::size_t length;     // index positions of a run
    std::size_t in_a_task;  // runs per task
};

Rows rows_of(const Geometry& geometry, std::size_t first, std::size_t count) {
    const IndexRun from = geometry.run(first, 0);
    const IndexRun to = geometry.run(first + count - 1, 0);
    const std::size_t length = to.begin + to.length - from.begin;
    const std::size_t weights = length * geometry.cluster_dim;
    return {geometry.run_count(), length, std::max<std::size_t>(1, kBlock / weights)};
}

}  // namespace

template <class Real>
GatheredGroups<Real>::GatheredGroups(const ScaledWeights& source, std::size_t first,
                                     std::size_t count)
    : geometry_(source.geometry),
      first_(first),
      stride_(geometry_.group_index_count(first) * geometry_.cluster_dim + kPadding),
      points_(stride_ * count) {
    const std::size_t dim = geometry_.cluster_dim;
    const Rows rows = rows_of(geometry_, first, count);
    const auto place = [&](BlockReader<Real>& reader, IndexRun run) {
        for_each_index_block(geometry_, run, [&](const IndexBlock& block) {
            const std::span<const Real> values = reader.read(source, block);
            for_each_group_piece(
                geometry_, block, [&](std::size_t group, std::size_t at, std::size_t length) {
                    const IndexRun own = geometry_.run(group, 0);
                    const std::size_t row_stride = geometry_.group_channels * geometry_.group_inner;
                    const std::size_t position = block.begin + at;
                    const std::size_t row = position / row_stride;
                    const std::size_t before = row * own.length + position % row_stride - own.begin;
                    Real* target = points_.data() + (group - first_) * stride_ + before * dim;
                    copy_vectors(block, dim, values, at, length, target);
                });
        });
    };
    const bool all_groups = count == geometry_.group_count;
    const std::size_t tasks = (rows.count + rows.in_a_task - 1) / rows.in_a_task;
    if (rows.count == 1) {  // cut the run itself
        const IndexRun run = {geometry_.run(first, 0).begin, rows.length};
        const std::size_t step = std::max<std::size_t>(1, kBlock / dim);
        for_each_task((run.length + step - 1) / step, [&](std::size_t task) {
            BlockReader<Real> reader(source.weights);
            place(reader, {run.begin + task * step, std::min(step, run.length - task * step)});
        });
        return;
    }
    for_each_task(tasks, [&](std::size_t task) {
        BlockReader<Real> reader(source.weights);
        const std::size_t begin = task * rows.in_a_task;
        const std::size_t end = std::min(rows.count, begin + rows.in_a_task);
        if (all_groups) {  // rows are consecutive
            return place(reader, {begin * rows.length, (end - begin) * rows.length});
        }
        for (std::size_t r = begin; r < end; ++r) {
            place(reader, {geometry_.run(first_, r).begin, rows.length});
        }
    });
}

template <class Real>
std::span<const Real> GatheredGroups<Real>::points(std::size_t group) const {
    return std::span(points_).subspan((group - first_) * stride_,
                                      geometry_.group_index_count(group) * geometry_.cluster_dim);
}

template class GatheredGroups<float>;
template class GatheredGroups<double>;

}  // namespace pal
