#include "stages/groups/group_points.hpp"

namespace pal {

namespace {

constexpr std::size_t kLargeGroup = std::size_t{1} << 20;  // weights; larger ones: parallel inside

/// Calls read(reader, first weight, count) for the blocks of a run, in parallel.
template <class Read>
void for_each_block_of(const Weights& weights, IndexRun run, const Read& read) {
    for_each_task((run.length + kBlockWeights - 1) / kBlockWeights, [&](std::size_t block) {
        BlockReader<float> reader(weights);
        const std::size_t begin = block * kBlockWeights;
        read(reader, run.begin + begin, std::min(kBlockWeights, run.length - begin));
    });
}

/// True if clustering may count the stored 16 bits: no scales divide the weights.
bool seen_as_stored(const ScaledWeights& source) {
    return source.scales.empty() && source.weights.storage() == source.dtype &&
           dtype_bytes(source.dtype) == 2;
}

/// Passes of the fast engine over a group that is one run of the tensor.
cluster::FloatBlocks blocks_of_run(const ScaledWeights& source, IndexRun run,
                                   BlockReader<float>& own) {
    cluster::FloatBlocks blocks;
    blocks.count = run.length;
    blocks.read = [&source, run, &own](std::size_t begin, std::size_t length) {
        return own.read(source, run.begin + begin, length);
    };
    blocks.for_each = [&source, run](const auto& visit) {
        for_each_block_of(source.weights, run,
                          [&](BlockReader<float>& reader, std::size_t begin, std::size_t count) {
                              visit(reader.read(source, begin, count));
                          });
    };
    if (!seen_as_stored(source)) return blocks;
    blocks.for_each_stored = [&source, run](const auto& visit) {
        for_each_block_of(source.weights, run,
                          [&](BlockReader<float>& reader, std::size_t begin, std::size_t count) {
                              visit(reader.read_stored(begin, count));
                          });
    };
    return blocks;
}

}  // namespace

bool can_stream_groups(const Geometry& geometry, DType dtype, bool weighted) {
    return geometry.cluster_dim == 1 && dtype != DType::kF64 && geometry.run_count() == 1 &&
           !weighted;
}

cluster::FloatBlocks blocks_of_group(const ScaledWeights& source, std::size_t group,
                                     BlockReader<float>& own) {
    const IndexRun run = source.geometry.run(group, 0);
    return run.length <= kLargeGroup && !seen_as_stored(source)
               ? cluster::blocks_of(own.read(source, run.begin, run.length))
               : blocks_of_run(source, run, own);
}

std::uint64_t gathered_group_bytes(const Geometry& geometry, DType dtype) {
    const std::uint64_t real_bytes = dtype == DType::kF64 ? 8 : 4;
    return geometry.group_index_count(0) * geometry.cluster_dim * real_bytes;
}

}  // namespace pal
