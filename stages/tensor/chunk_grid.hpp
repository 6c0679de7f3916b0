// How the indices of a tensor are cut into the chunks of the file. Everything here follows from the
// geometry alone; stages/pack.hpp fills the chunks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stages/tensor/tensor.hpp"

namespace pal {

/// Shape of a chunk of indices, in dimensions of indices_shape, never larger than the tensor. About
/// 1 Mi values in whole rows of the leading dimension where possible. Where groups lie along the
/// leading dimension, a chunk holds whole groups, or a group holds whole chunks.
[[nodiscard]] Shape chunk_shape(const Geometry& geometry);

/// Bytes of `values` packed indices. One more than needed for 1 to 7 bits: HDF5's N-bit encoder
/// always leaves the byte that it would fill next.
[[nodiscard]] std::size_t packed_bytes(std::size_t values, int n_bits) noexcept;

/// The chunks of a tensor's indices, numbered in row-major order. Each chunk holds one run of
/// consecutive index positions: chunk_shape is chosen so.
class ChunkGrid {
  public:
    explicit ChunkGrid(const Geometry& geometry);

    /// Number of chunks.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Shape of a chunk, as chunk_shape returns it.
    [[nodiscard]] const Shape& chunk() const noexcept { return chunk_; }
    /// Index positions that a chunk has room for. Chunks at an edge hold fewer.
    [[nodiscard]] std::size_t chunk_values() const noexcept { return chunk_values_; }
    /// Bytes of a packed chunk.
    [[nodiscard]] std::size_t chunk_bytes(int n_bits) const noexcept;
    /// Coordinates of the first element of a chunk, in indices_shape.
    [[nodiscard]] Shape offset(std::size_t number) const;
    /// Index positions that a chunk holds.
    [[nodiscard]] IndexRun positions(std::size_t number) const;
    /// Number of the chunk that holds an index position.
    [[nodiscard]] std::size_t chunk_of(std::size_t position) const noexcept;

  private:
    Shape shape_;
    Shape chunk_;
    Shape grid_;  // chunks along each dimension
    std::size_t count_ = 1;
    std::size_t chunk_values_ = 1;
    std::size_t partial_ = 0;  // the dimension that chunks divide
    std::size_t inner_ = 1;    // index positions of one row of it
};

/// The file stores up to this many indices as one byte each, unpacked and unchunked: HDF5's index
/// of chunks alone takes 2.6 KiB.
inline constexpr std::size_t kFewIndices = 2048;
[[nodiscard]] bool are_few(const Geometry& geometry) noexcept;

/// Bytes that the indices of a tensor take in the file.
[[nodiscard]] std::uint64_t index_bytes(const Geometry& geometry, int n_bits);

}  // namespace pal
