// Packing: indices into the chunks of the file. A chunk is a plain bit string, most significant bit
// first, n_bits a value: what HDF5's N-bit filter stores for an unsigned integer of that precision.
// 8 bits: plain bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "stages/tensor/chunk_grid.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// A chunk from its indices, in the order of their positions; full-sized, filled up with zeros, as
/// HDF5 wants it.
[[nodiscard]] ChunkBytes pack_chunk(std::span<const std::uint8_t> indices, std::size_t chunk_values,
                                    int n_bits);

/// The same from indices that come block by block.
class ChunkPacker {
  public:
    /// memory: used again; what it held is gone.
    ChunkPacker(std::size_t chunk_values, int n_bits, ChunkBytes memory = {});

    /// Appends indices, chunk_values of them in all at most. Quick where a multiple of 8 came
    /// before.
    void add(std::span<const std::uint8_t> indices);
    /// The chunk, filled up with zeros. Call it once.
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

/// All chunks of indices given one byte each, by position. Parallel over chunks.
[[nodiscard]] std::vector<ChunkBytes> pack_indices(std::span<const std::uint8_t> indices,
                                                   const Geometry& geometry, int n_bits);

/// Calls consume(number, bytes) for the chunks of a tensor, one at a time and in their order, while
/// the next ones are read by other threads, if that is worth it: never more than two a thread in
/// memory.
void for_each_chunk_in_order(
    const PalettizedTensor& tensor,
    const std::function<void(std::size_t, std::span<const std::uint8_t>)>& consume);

/// The inverse: the indices of a tensor, one byte each, by position.
[[nodiscard]] std::vector<std::uint8_t> unpack_indices(const PalettizedTensor& tensor);

/// The inverse: values.size() values from packed bytes; missing bytes throw Error(kInput).
void unpack_bits(std::span<const std::uint8_t> packed, int n_bits, std::span<std::uint8_t> values);

}  // namespace pal
