// Passes over the stored indices of a palettized tensor and the weights that they decode to, block
// by block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "stages/decode.hpp"
#include "stages/pack.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"
#include "stages/tensor/chunk_grid.hpp"
#include "stages/tensor/error.hpp"
#include "stages/weights/index_blocks.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Calls body(block, indices) for the blocks of a chunk's positions within `wanted`, in order.
/// Throws what reading the chunk throws.
template <class Body>
void for_each_block_of_chunk(const PalettizedTensor& tensor, const ChunkGrid& grid,
                             std::size_t chunk, IndexRun wanted, const Body& body) {
    const IndexRun run = grid.positions(chunk);
    Scratch<std::uint8_t> unpacked;
    const std::span<std::uint8_t> indices = unpacked.first(run.length);
    Scratch<std::uint8_t> packed;
    unpack_bits(tensor.chunks.read(chunk, packed.buffer()), tensor.n_bits, indices);
    const std::size_t begin = std::max(run.begin, wanted.begin);
    const std::size_t end = std::min(run.begin + run.length, wanted.begin + wanted.length);
    for_each_index_block(tensor.geometry, {begin, end - begin}, [&](const IndexBlock& block) {
        body(block, indices.subspan(block.begin - run.begin, block.count));
    });
}

/// Calls body(chunk number, block, indices) for the blocks of a run of index positions. Parallel
/// over chunks; the blocks of a chunk come in order.
template <class Body>
void for_each_stored_block(const PalettizedTensor& tensor, IndexRun wanted, const Body& body) {
    const ChunkGrid grid(tensor.geometry);
    PAL_ASSERT(tensor.chunks.size() == grid.count());
    const std::size_t first = grid.chunk_of(wanted.begin);
    const std::size_t last = grid.chunk_of(wanted.begin + wanted.length - 1);
    for_each_task(last - first + 1, [&](std::size_t number) {
        const std::size_t c = first + number;
        for_each_block_of_chunk(tensor, grid, c, wanted,
                                [&](const IndexBlock& block, std::span<std::uint8_t> indices) {
                                    body(c, block, indices);
                                });
    });
}

/// Calls body(chunk number, block, original weights, decoded weights) for all blocks of a tensor.
/// Parallel over chunks; the blocks of a chunk come in order.
template <class Real, class Body>
void for_each_decoded_block(const Weights& original, const PalettizedTensor& tensor,
                            const Body& body) {
    const BlockDecoder<Real> decoder(tensor);
    for_each_stored_block(
        tensor, {0, tensor.geometry.index_count},
        [&](std::size_t c, const IndexBlock& block, std::span<std::uint8_t> indices) {
            Scratch<Real> scratch;
            const std::span<Real> decoded =
                scratch.first(block.count * tensor.geometry.cluster_dim);
            decoder.decode(block, indices, decoded);
            BlockReader<Real> reader(original);
            body(c, block, reader.read(tensor.geometry, block), std::span<const Real>(decoded));
        });
}

}  // namespace pal
