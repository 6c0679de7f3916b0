// Private to io/: decoded chunks of one dataset, the latest kept, for threads that read side by
// side.
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

class ChunkCache {
  public:
    /// Fills a chunk. Called by several threads at a time, and starts no tasks.
    using Decode = std::function<void(std::size_t number, std::span<std::byte> chunk)>;

    /// Keeps `kept_bytes` of chunks, and those that somebody holds.
    ChunkCache(std::size_t chunk_bytes, std::size_t kept_bytes, Decode decode);

    class Chunk {
      public:
        /// Of a chunk that get() returned.
        [[nodiscard]] const std::byte* bytes() const noexcept { return bytes_.get(); }

      private:
        friend class ChunkCache;
        std::atomic<bool> taken_{false};  // by who decodes it
        std::atomic<bool> done_{false};
        std::unique_ptr<std::byte[]> bytes_;
        std::exception_ptr failure_;
    };

    /// The chunks of these numbers, which are distinct. Those that nobody has decoded yet are
    /// decoded here, while other threads decode others; throws what decoding one threw.
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
    std::mutex lock_;               // of what follows; not held while a chunk is decoded
    std::list<std::size_t> order_;  // the latest first
    std::unordered_map<std::size_t, Kept> kept_;
};

}  // namespace pal
