// Blocks of index positions: the unit in which weights are read, assigned, decoded and measured.
// The cut follows from the geometry alone, so that sums over blocks are the same in every pass.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "stages/tensor/tensor.hpp"

namespace pal {

inline constexpr std::size_t kBlockWeights = std::size_t{1} << 15;  // 128 KiB of f32: half an L2

/// Consecutive index positions and their weights, [rows][cluster_dim][inner]. Weight (row, t, i) is
/// component t of the vector at position begin + row * inner + i.
struct IndexBlock {
    std::size_t begin = 0;
    std::size_t count = 0;  // rows * inner
    std::size_t rows = 1;
    std::size_t inner = 1;
    /// True if all weights are consecutive in the tensor, in the block's order. Otherwise the block
    /// has one row, and only the weights of one component are consecutive.
    bool together = true;
};

/// Calls body(block) for the blocks of a run of index positions, in order. A block holds at most
/// kBlockWeights weights, or one vector.
template <class Body>
void for_each_index_block(const Geometry& geometry, IndexRun run, const Body& body) {
    const std::size_t dim = geometry.cluster_dim;
    const std::size_t end = run.begin + run.length;
    if (dim == 1) {
        for (std::size_t p = run.begin; p < end; p += kBlockWeights) {
            const std::size_t count = std::min(kBlockWeights, end - p);
            body(IndexBlock{p, count, 1, count, true});
        }
        return;
    }
    const std::size_t inner = geometry.output_inner;
    for (std::size_t p = run.begin; p < end;) {
        const std::size_t whole_rows = std::min((end - p) / inner, kBlockWeights / (dim * inner));
        IndexBlock block{p, whole_rows * inner, whole_rows, inner, true};
        if (p % inner != 0 || whole_rows == 0) {
            const std::size_t left_in_row = inner - p % inner;
            const std::size_t most = std::max<std::size_t>(1, kBlockWeights / dim);
            block.count = std::min({left_in_row, end - p, most});
            block.rows = 1;
            block.inner = block.count;
            block.together = false;
        }
        body(block);
        p += block.count;
    }
}

/// Calls body(first weight in the tensor, first weight in the block, length) for each segment of a
/// block. A segment is a run of weights that is consecutive in the tensor too.
template <class Body>
void for_each_segment(const Geometry& geometry, const IndexBlock& block, const Body& body) {
    const std::size_t first = geometry.weight_position(block.begin);
    if (block.together) return body(first, std::size_t{0}, block.count * geometry.cluster_dim);
    for (std::size_t t = 0; t < geometry.cluster_dim; ++t) {
        body(first + t * geometry.vector_stride(), t * block.inner, block.inner);
    }
}

/// Consecutive positions of a block that belong to one group.
struct GroupPiece {
    std::size_t group = 0;
    std::size_t length = 0;
};

/// Returns the piece that begins at position `at` of the block.
inline GroupPiece group_piece(const Geometry& geometry, const IndexBlock& block, std::size_t at) {
    const std::size_t row = (block.begin + at) / geometry.group_inner;
    const std::size_t channel = row % geometry.group_channels;
    const std::size_t group = channel / geometry.group_index_channels;
    const std::size_t last =
        std::min((group + 1) * geometry.group_index_channels, geometry.group_channels);
    const std::size_t end = (row - channel + last) * geometry.group_inner - block.begin;
    return {group, std::min(end, block.count) - at};
}

/// Calls body(group, first position in the block, length) for each piece of a block, in order.
template <class Body>
void for_each_group_piece(const Geometry& geometry, const IndexBlock& block, const Body& body) {
    for (std::size_t at = 0; at < block.count;) {
        const GroupPiece piece = group_piece(geometry, block, at);
        body(piece.group, at, piece.length);
        at += piece.length;
    }
}

/// Copies `length` vectors of a block, starting with number `at`, to `target`, vector after vector.
/// values: the block's weights, in its order.
template <class Real>
void copy_vectors(const IndexBlock& block, std::size_t dim, std::span<const Real> values,
                  std::size_t at, std::size_t length, Real* target) {
    if (dim == 1 || block.inner == 1) {
        std::copy_n(values.data() + at * dim, length * dim, target);
        return;
    }
    for (std::size_t p = at; p < at + length; ++p) {
        const Real* vector = values.data() + p / block.inner * dim * block.inner + p % block.inner;
        for (std::size_t t = 0; t < dim; ++t) *target++ = vector[t * block.inner];
    }
}

}  // namespace pal
