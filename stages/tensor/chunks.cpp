#include "stages/tensor/chunks.hpp"

namespace pal {

namespace {

class MemoryChunks : public ChunkSource {
  public:
    explicit MemoryChunks(std::vector<ChunkBytes> chunks) : chunks_(std::move(chunks)) {}

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes&) const override {
        return chunks_[number];
    }
    [[nodiscard]] bool worth_threads() const noexcept override { return false; }

  private:
    std::vector<ChunkBytes> chunks_;
};

}  // namespace

PackedChunks::PackedChunks(std::vector<ChunkBytes> chunks) : count_(chunks.size()) {
    source_ = std::make_shared<MemoryChunks>(std::move(chunks));
}

}  // namespace pal
