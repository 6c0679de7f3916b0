// Reads chunked datasets chunk by chunk; many threads decode at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "io/filters/chunk_filters.hpp"
#include "io/h5/chunk_layout.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint.hpp"
#include "stages/parallel/scratch.hpp"

namespace pal {

/// Chunked dataset of a weight type. Thread-safe.
class ChunkedDataset {
  public:
    /// Opens the dataset of this shape, which has an element_count(). Returns null if it is not
    /// chunked, has no values, or has chunks much larger than itself. The result refers to
    /// `reader`.
    [[nodiscard]] static std::unique_ptr<const ChunkedDataset> open(const Checkpoint& reader,
                                                                    h5::Dataset dataset,
                                                                    const h5::StoredType& stored,
                                                                    const Shape& shape);

    /// Returns true if chunks are decoded here, by many threads. The library has to read those with
    /// filters unknown to ChunkFilters, and unfiltered or partly written ones that are not listed.
    [[nodiscard]] bool decodes() const noexcept { return decodes_; }
    [[nodiscard]] const ChunkLayout& layout() const noexcept { return layout_; }
    [[nodiscard]] std::size_t chunk_bytes() const noexcept { return chunk_bytes_; }
    [[nodiscard]] std::size_t element_bytes() const noexcept { return element_bytes_; }

    /// Reads chunk `number` into chunk_bytes() bytes, in the byte order of this machine. Values
    /// that stick out of the dataset are undefined. All threads together hold at most 16 MiB or
    /// three chunks beside it; they wait for one another if that is not enough. Throws as
    /// read_all().
    void read_chunk(std::size_t number, std::span<std::byte> chunk) const;

    /// Reads all stored values in row-major order, in the byte order of this machine, in parallel.
    /// Only if decodes(). Holds at most 64 MiB or three chunks beside the values. Throws
    /// Error(kInput) that names the chunk; std::bad_alloc.
    [[nodiscard]] std::unique_ptr<std::byte[]> read_all() const;

  private:
    /// Buffers of one thread.
    struct Lane {
        explicit Lane(const ChunkFilters& filters) : decoder(filters) {}
        ChunkDecoder decoder;
        Scratch<std::byte> stored;
        Scratch<std::byte> chunk;
    };
    /// Place of a chunk in the file.
    struct Stored {
        std::uint64_t offset = 0;  // in the file, if has_addresses_
        std::uint64_t bytes = 0;
        std::uint32_t mask = 0;  // a bit for each filter that was left out
        bool written = false;    // false: all fill value
    };

    ChunkedDataset(h5::Dataset dataset, const RawFile& file, ChunkLayout layout, Shape shape,
                   Shape chunk)
        : dataset_(std::move(dataset)),
          file_(file),
          layout_(std::move(layout)),
          shape_(std::move(shape)),
          chunk_shape_(std::move(chunk)) {}

    [[nodiscard]] bool find_chunks(std::size_t rank, std::uint64_t user_block_bytes);
    void read_fill(const h5::Plist& creation);
    [[nodiscard]] Stored find(std::size_t number, const Shape& first) const;
    void read_stored(Stored& stored, const Shape& first, std::span<std::byte> bytes) const;
    void undo_filters(std::size_t number, const Shape& first, Lane& lane,
                      std::span<std::byte> chunk) const;
    void decode(std::size_t number, const Shape& first, Lane& lane,
                std::span<std::byte> chunk) const;
    void fill(std::span<std::byte> values) const;
    void place(std::size_t number, Lane& lane, std::span<std::byte> values) const;
    void read_by_library(const Shape& first, std::span<std::byte> chunk) const;
    [[nodiscard]] std::size_t lane_count(std::size_t scratch_bytes) const noexcept;
    [[nodiscard]] std::unique_ptr<Lane> take_lane() const;
    void give_back(std::unique_ptr<Lane> lane) const;

    h5::Dataset dataset_;
    const RawFile& file_;
    ChunkLayout layout_;
    Shape shape_;
    Shape chunk_shape_;
    bool decodes_ = false;
    ChunkFilters filters_;
    bool listed_ = false;                   // chunks_ is filled; else all chunks are written
    bool has_addresses_ = false;            // else the library fetches their bytes
    std::map<std::size_t, Stored> chunks_;  // the written ones, by number
    std::vector<std::byte> fill_;           // one element as stored; empty: zero
    std::size_t element_bytes_ = 0;
    std::size_t value_count_ = 0;
    std::size_t chunk_bytes_ = 0;
    bool foreign_order_ = false;
    bool plain_edges_ = false;  // chunks that stick out are not filtered

    // Lanes of read_chunk().
    mutable std::mutex lock_;
    mutable std::condition_variable lane_is_free_;
    mutable std::vector<std::unique_ptr<Lane>> free_lanes_;
    mutable std::size_t lanes_in_use_ = 0;
};

}  // namespace pal
