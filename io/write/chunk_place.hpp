// Places of the chunks of indices in an output.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stages/pack.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Place of a written chunk of indices in the output, or the bytes of the chunk.
struct ChunkPlace {
    static constexpr std::uint64_t kHere = ~std::uint64_t{0};  // stored offset of a kept chunk
    std::optional<std::uint64_t> offset;                       // in the output; none: kept
    std::uint32_t bytes = 0;
    std::uint32_t checksum = 0;  // CRC-32
    ChunkBytes kept;             // empty where there is an offset
};

/// Returns a place with the size and checksum of a chunk, neither offset nor bytes.
[[nodiscard]] ChunkPlace checksum_of(std::span<const std::uint8_t> bytes);

/// Reads all chunks of a tensor and returns their sizes and checksums. Throws as its chunks do.
[[nodiscard]] std::vector<ChunkPlace> checksums_of(const PalettizedTensor& tensor);

}  // namespace pal
