// Caches decoded chunks of one dataset for threads that read side by side.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace pal {

/// Keeps the chunks that were used last. Thread-safe.
class ChunkCache {
  public:
    /// Fills a chunk. Several threads call it at a time; it must start no tasks.
    using Decode = std::function<void(std::size_t number, std::span<std::byte> chunk)>;

    /// Keeps chunks of up to `kept_bytes` in all, at least one. Chunks that a caller holds live on.
    ChunkCache(std::size_t chunk_bytes, std::size_t kept_bytes, Decode decode);

    class Chunk {
      public:
        /// Returns the decoded bytes; valid for chunks from get().
        [[nodiscard]] const std::byte* bytes() const noexcept { return bytes_.get(); }

      private:
        friend class ChunkCache;
        std::atomic<bool> taken_{false};  // by the thread that decodes it
        std::atomic<bool> done_{false};
        std::unique_ptr<std::byte[]> bytes_;
        std::exception_ptr failure_;
    };

    /// Returns the chunks of these numbers, which must be distinct. Decodes those that nobody has
    /// taken yet and waits for those that other threads decode. Throws what decoding one threw.
    [[nodiscard]] std::vector<std::shared_ptr<const Chunk>> get(
        std::span<const std::size_t> numbers);

  private:
    struct Kept {
        std::shared_ptr<Chunk> chunk;
        std::list<std::size_t>::iterator place;
    };
    [[nodiscard]] std::vector<std::shared_ptr<Chunk>> held(std::span<const std::size_t> numbers);
    void decode(std::size_t number, Chunk& chunk) const;

    std::size_t chunk_bytes_;
    std::size_t most_kept_;
    Decode decode_;
    std::mutex lock_;               // guards the members below; not held while decoding
    std::list<std::size_t> order_;  // chunk used last first
    std::unordered_map<std::size_t, Kept> kept_;
};

}  // namespace pal
