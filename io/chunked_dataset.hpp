// Private to io/: chunked datasets read chunk by chunk, decoded by many threads at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "io/chunk_filters.hpp"
#include "io/chunk_layout.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_types.hpp"
#include "io/reader_impl.hpp"
#include "stages/scratch.hpp"

namespace pal {

/// A dataset of a weight type whose chunks can be decoded without the library.
class ChunkedDataset {
  public:
    /// Null where the library has to read it: another layout, other filters than ChunkFilters
    /// knows, no values. `shape` is the dataset's and has an element_count().
    /// The result refers to `reader` and `dataset`.
    [[nodiscard]] static std::unique_ptr<const ChunkedDataset> open(
        const CheckpointReader::Impl& reader, const h5::Dataset& dataset,
        const h5::StoredType& stored, const Shape& shape);

    /// All values in row-major order, as stored, in the byte order of this machine. Decodes in
    /// parallel; holds the values, and beside them at most 64 MiB or three chunks. Throws
    /// Error(kInput) that names the chunk; std::bad_alloc.
    [[nodiscard]] std::unique_ptr<std::byte[]> read_all() const;

  private:
    /// What one thread needs.
    struct Lane {
        explicit Lane(const ChunkFilters& filters) : decoder(filters) {}
        ChunkDecoder decoder;
        Scratch<std::byte> stored;
        Scratch<std::byte> chunk;
    };
    /// A chunk as the file has it.
    struct Stored {
        std::uint64_t offset = 0;  // of the file, where read past the library
        std::uint64_t bytes = 0;   // 0: it was never written
        std::uint32_t mask = 0;    // filters that were left out
    };

    ChunkedDataset(const h5::Dataset& dataset, const RawFile& file, ChunkLayout layout,
                   ChunkFilters filters)
        : dataset_(dataset),
          file_(file),
          layout_(std::move(layout)),
          filters_(std::move(filters)) {}

    [[nodiscard]] bool find_chunks(std::size_t rank, std::uint64_t user_block_bytes);
    void read_fill(const h5::Plist& creation);
    [[nodiscard]] Stored find(std::size_t number, const Shape& first) const;
    void read_stored(Stored& stored, const Shape& first, std::span<std::byte> bytes) const;
    void decode(std::size_t number, const Shape& first, Lane& lane,
                std::span<std::byte> chunk) const;
    void fill(std::span<std::byte> values) const;
    void place(std::size_t number, Lane& lane, std::span<std::byte> values) const;
    [[nodiscard]] std::size_t lane_count() const noexcept;

    const h5::Dataset& dataset_;
    const RawFile& file_;
    ChunkLayout layout_;
    ChunkFilters filters_;
    std::vector<Stored> chunks_;   // by number; empty: the library is asked for each
    std::vector<std::byte> fill_;  // one element as stored; empty: zero
    std::size_t element_bytes_ = 0;
    std::size_t value_count_ = 0;
    std::size_t chunk_bytes_ = 0;
    bool foreign_order_ = false;
    bool plain_edges_ = false;  // chunks that stick out are not filtered
};

}  // namespace pal
