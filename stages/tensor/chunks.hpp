// The packed indices of a tensor, chunk by chunk, wherever they are: in memory, in a file, or not
// found yet. Whoever needs them asks for one chunk after another, so that the indices of a tensor
// larger than memory are never held as a whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pal {

/// A chunk of indices as the file holds it: a bit string, most significant bit first.
using ChunkBytes = std::vector<std::uint8_t>;

/// Random access to the chunks of one tensor, in the order of its ChunkGrid. Thread-safe.
class ChunkSource {
  public:
    ChunkSource() = default;
    virtual ~ChunkSource() = default;
    ChunkSource(const ChunkSource&) = delete;
    ChunkSource& operator=(const ChunkSource&) = delete;

    /// Chunk `number`: a view of memory, or `scratch` filled. Throws what finding it throws.
    [[nodiscard]] virtual std::span<const std::uint8_t> read(std::size_t number,
                                                             ChunkBytes& scratch) const = 0;

    /// Whether read() is work that threads share, not one lookup after the other.
    [[nodiscard]] virtual bool worth_threads() const noexcept { return true; }
};

/// The chunks of a tensor: cheap to copy, immutable.
class PackedChunks {
  public:
    PackedChunks() = default;  // none
    /// In memory.
    PackedChunks(std::vector<ChunkBytes> chunks);  // NOLINT(google-explicit-constructor)
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
