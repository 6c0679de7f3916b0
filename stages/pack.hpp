// Packing of indices into the chunks of the file. A chunk is a plain bit string, most significant
// bit first, n_bits per index: what HDF5's N-bit filter stores for an unsigned integer of that
// precision. 8 bits: plain bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "stages/tensor/chunk_grid.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Packs the indices of one chunk, given in the order of their positions. The chunk has room for
/// chunk_values indices and is filled up with zeros: HDF5 wants full-sized chunks.
[[nodiscard]] ChunkBytes pack_chunk(std::span<const std::uint8_t> indices, std::size_t chunk_values,
                                    int n_bits);

/// Packs one chunk from indices that arrive block by block.
class ChunkPacker {
  public:
    /// memory: buffer to reuse; its contents are lost.
    ChunkPacker(std::size_t chunk_values, int n_bits, ChunkBytes memory = {});

    /// Appends indices, at most chunk_values in all. Fast if a multiple of 8 indices came before.
    void add(std::span<const std::uint8_t> indices);
    /// Returns the chunk, filled up with zeros. Call it once.
    [[nodiscard]] ChunkBytes take();

  private:
    void append(std::uint8_t index);

    int n_bits_;
    std::size_t room_;
    ChunkBytes packed_;
    std::size_t next_byte_ = 0;
    std::uint32_t pending_ = 0;  // bits not yet stored, at the low end
    int pending_bits_ = 0;
};

/// Packs all chunks of a tensor. indices: one byte each, by position. Parallel over chunks.
[[nodiscard]] std::vector<ChunkBytes> pack_indices(std::span<const std::uint8_t> indices,
                                                   const Geometry& geometry, int n_bits);

/// Calls consume(number, bytes) for the chunks of a tensor, one at a time and in order. Meanwhile
/// other threads read the next chunks, if chunks.worth_threads(): at most two per thread are in
/// memory. Throws what reading a chunk throws.
void for_each_chunk_in_order(
    const PalettizedTensor& tensor,
    const std::function<void(std::size_t, std::span<const std::uint8_t>)>& consume);

/// Returns the indices of a tensor, one byte each, by position. Parallel over chunks.
[[nodiscard]] std::vector<std::uint8_t> unpack_indices(const PalettizedTensor& tensor);

/// Unpacks values.size() values. Throws Error(kInput) if bytes are missing.
void unpack_bits(std::span<const std::uint8_t> packed, int n_bits, std::span<std::uint8_t> values);

}  // namespace pal
