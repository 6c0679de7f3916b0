// Undoes the filters of chunks without the HDF5 library, so that many threads can: deflate, LZF,
// shuffle and fletcher32, in any order, each at most once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "stages/parallel/scratch.hpp"

struct libdeflate_decompressor;

namespace pal {

/// Filters of a dataset, in the order in which they were applied.
class ChunkFilters {
  public:
    ChunkFilters() = default;  // none
    /// Reads the filters from creation properties. Returns none if a filter is not one of the
    /// four, comes twice, or has unexpected parameters.
    [[nodiscard]] static std::optional<ChunkFilters> of(const h5::Plist& creation);

    [[nodiscard]] bool empty() const noexcept { return filters_.empty(); }

    /// Returns the most bytes that a chunk of `chunk_bytes` can take in the file.
    [[nodiscard]] std::uint64_t most_stored_bytes(std::uint64_t chunk_bytes) const noexcept;

  private:
    friend class ChunkDecoder;
    struct Filter {
        H5Z_filter_t id = H5Z_FILTER_NONE;
        std::size_t element_bytes = 0;  // shuffle
    };
    std::vector<Filter> filters_;
};

/// Decodes one chunk after the other. Every thread needs its own.
class ChunkDecoder {
  public:
    explicit ChunkDecoder(const ChunkFilters& filters);

    /// Decodes `stored` into `chunk`, whose size is that of the values. A bit of `mask` tells that
    /// the filter was left out. Throws Error(kInput): a checksum that differs, damaged deflate
    /// or LZF data, another size. Holds at most three chunks.
    void decode(std::span<const std::byte> stored, std::uint32_t mask, std::span<std::byte> chunk);

  private:
    struct Release {
        void operator()(libdeflate_decompressor* inflater) const noexcept;
    };
    [[nodiscard]] std::span<std::byte> buffer_for(std::span<const std::byte> input,
                                                  std::size_t bytes);
    [[nodiscard]] std::span<const std::byte> inflate(std::span<const std::byte> stored,
                                                     std::span<std::byte> inflated);

    const ChunkFilters& filters_;
    std::unique_ptr<libdeflate_decompressor, Release> inflater_;
    Scratch<std::byte> buffers_[2];
};

/// Computes HDF5's checksum of that name (H5_checksum_fletcher32), over big-endian 16-bit words.
[[nodiscard]] std::uint32_t fletcher32(std::span<const std::byte> bytes) noexcept;

}  // namespace pal
