#include "stages/groups/group_vectors.hpp"

#include <algorithm>

namespace pal {

template <class Real>
std::span<const Real> GroupVectors<Real>::block(std::size_t begin, std::size_t count,
                                                std::vector<Real>& scratch) const {
    const Geometry& geometry = source_.geometry;
    const std::size_t dim = geometry.cluster_dim;
    scratch.resize(count * dim);
    Real* target = scratch.data();
    BlockReader<Real> reader(source_.weights);
    const std::size_t run_length = geometry.run(group_, 0).length;
    for (std::size_t v = begin; v < begin + count;) {
        const IndexRun run = geometry.run(group_, v / run_length);
        const std::size_t from = v % run_length;
        const std::size_t length = std::min(begin + count - v, run_length - from);
        for_each_index_block(geometry, {run.begin + from, length}, [&](const IndexBlock& block) {
            copy_vectors(block, dim, reader.read(source_, block), 0, block.count, target);
            target += block.count * dim;
        });
        v += length;
    }
    return scratch;
}

template class GroupVectors<float>;
template class GroupVectors<double>;

}  // namespace pal
