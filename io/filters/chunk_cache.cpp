#include "io/filters/chunk_cache.hpp"

#include <algorithm>

namespace pal {

ChunkCache::ChunkCache(std::size_t chunk_bytes, std::size_t kept_bytes, Decode decode)
    : chunk_bytes_(chunk_bytes),
      most_kept_(std::max<std::size_t>(1, kept_bytes / chunk_bytes)),
      decode_(std::move(decode)) {}

std::vector<std::shared_ptr<ChunkCache::Chunk>> ChunkCache::held(
    std::span<const std::size_t> numbers) {
    std::vector<std::shared_ptr<Chunk>> chunks;
    chunks.reserve(numbers.size());
    const std::lock_guard<std::mutex> guard(lock_);
    for (const std::size_t number : numbers) {
        auto found = kept_.find(number);
        if (found == kept_.end()) {
            // An entry is whole or not there, also where memory runs out.
            Kept kept{std::make_shared<Chunk>(), order_.insert(order_.begin(), number)};
            try {
                found = kept_.emplace(number, std::move(kept)).first;
            } catch (...) {
                order_.pop_front();
                throw;
            }
        } else {
            order_.splice(order_.begin(), order_, found->second.place);
        }
        chunks.push_back(found->second.chunk);
        if (kept_.size() <= most_kept_) continue;
        kept_.erase(order_.back());
        order_.pop_back();
    }
    return chunks;
}

void ChunkCache::decode(std::size_t number, Chunk& chunk) const {
    try {
        chunk.bytes_ = std::make_unique_for_overwrite<std::byte[]>(chunk_bytes_);
        decode_(number, {chunk.bytes_.get(), chunk_bytes_});
    } catch (...) {
        chunk.failure_ = std::current_exception();
    }
    chunk.done_.store(true, std::memory_order_release);
    chunk.done_.notify_all();
}

std::vector<std::shared_ptr<const ChunkCache::Chunk>> ChunkCache::get(
    std::span<const std::size_t> numbers) {
    const auto chunks = held(numbers);
    for (std::size_t c = 0; c < chunks.size(); ++c) {
        if (!chunks[c]->taken_.exchange(true)) decode(numbers[c], *chunks[c]);
    }
    // Other threads decode what they took without waiting for anybody, so this ends.
    for (const auto& chunk : chunks) {
        chunk->done_.wait(false, std::memory_order_acquire);
        if (chunk->failure_) std::rethrow_exception(chunk->failure_);
    }
    return {chunks.begin(), chunks.end()};
}

}  // namespace pal
