// Packed indices of a tensor, one chunk at a time: from memory, from a file, or computed on demand.
// The indices of a tensor larger than memory are never held as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pal {

/// Chunk of indices as the file holds it: a bit string, most significant bit first.
using ChunkBytes = std::vector<std::uint8_t>;

/// Random access to the chunks of one tensor, numbered as in its ChunkGrid. Thread-safe.
class ChunkSource {
  public:
    ChunkSource() = default;
    virtual ~ChunkSource() = default;
    ChunkSource(const ChunkSource&) = delete;
    ChunkSource& operator=(const ChunkSource&) = delete;

    /// Returns chunk `number`: a view of memory, or of `scratch`, which it then fills. Throws what
    /// reading or computing the chunk throws.
    [[nodiscard]] virtual std::span<const std::uint8_t> read(std::size_t number,
                                                             ChunkBytes& scratch) const = 0;

    /// True if it saves time to call read() from several threads at once.
    [[nodiscard]] virtual bool worth_threads() const noexcept { return true; }
};

/// Chunks of one tensor. Cheap to copy, immutable.
class PackedChunks {
  public:
    /// Holds no chunks.
    PackedChunks() = default;
    /// Holds chunks in memory.
    PackedChunks(std::vector<ChunkBytes> chunks);  // NOLINT(google-explicit-constructor)
    /// Reads `count` chunks from `source` when they are asked for.
    PackedChunks(std::shared_ptr<const ChunkSource> source, std::size_t count)
        : source_(std::move(source)), count_(count) {}

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const {
        return source_->read(number, scratch);
    }
    [[nodiscard]] bool worth_threads() const noexcept {
        return count_ > 0 && source_->worth_threads();
    }

  private:
    std::shared_ptr<const ChunkSource> source_;
    std::size_t count_ = 0;
};

}  // namespace pal
