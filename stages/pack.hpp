// Packing: indices into the chunks of the file. A chunk is a plain bit string, most significant bit
// first, n_bits a value: what HDF5's N-bit filter stores for an unsigned integer of that precision.
// 8 bits: plain bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stages/tensor.hpp"

namespace pal {

struct PackedChunk {
    std::vector<std::uint64_t> offset;  // first element, in indices_shape
    std::vector<std::uint8_t> bytes;
};

/// Chunk shape for a tensor's indices: whole rows of the leading dimension where possible, about 1
/// Mi values, never larger than the tensor; with groups along the leading dimension a chunk holds
/// whole groups or a group whole chunks. Derived from the geometry alone.
[[nodiscard]] Shape chunk_shape(const Geometry& geometry);

/// All chunks in row-major order; edge chunks are full-sized, filled up with zeros, as HDF5 wants
/// them. Parallel over chunks.
[[nodiscard]] std::vector<PackedChunk> pack_indices(const PalettizedTensor& tensor);

/// values (one byte each, < 2^n_bits) as a bit string: values.size() * n_bits / 8 + 1 bytes for 1
/// to 7 bits (HDF5's encoder always leaves the byte it would fill next), values.size() bytes for 8.
[[nodiscard]] std::vector<std::uint8_t> pack_bits(std::span<const std::uint8_t> values, int n_bits);

/// The inverse: values.size() values from packed bytes; missing bytes throw Error(kInput).
void unpack_bits(std::span<const std::uint8_t> packed, int n_bits, std::span<std::uint8_t> values);

/// Scatters the values of a chunk (full chunk shape) to their places in the tensor's indices; what
/// lies outside is dropped.
void place_chunk(std::span<const std::uint8_t> chunk_values, const Shape& chunk,
                 std::span<const std::uint64_t> offset, const Shape& indices_shape,
                 std::span<std::uint8_t> indices);

}  // namespace pal
