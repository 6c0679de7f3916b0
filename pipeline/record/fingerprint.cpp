#include "pipeline/record/fingerprint.hpp"

#include <fmt/format.h>

#include <bit>
#include <span>

#include "io/write/chunk_place.hpp"

namespace pal {

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

Fingerprint palette_fingerprint(const PalettizedTensor& tensor) noexcept {
    static_assert(std::endian::native == std::endian::little);
    Fingerprint fingerprint;
    const auto add = [&](const auto& numbers) {
        const auto bytes = std::as_bytes(std::span(numbers));
        fingerprint.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});  // NOLINT
    };
    add(tensor.lut);
    add(tensor.per_channel_scale);
    add(tensor.quantized_lut);
    add(tensor.lut_scale);
    add(tensor.lut_zero_point);
    return fingerprint;
}

Fingerprint chunks_fingerprint(const std::vector<ChunkPlace>& chunks) noexcept {
    Fingerprint fingerprint;
    for (const ChunkPlace& chunk : chunks)
        fingerprint.add(
            {reinterpret_cast<const char*>(&chunk.checksum), sizeof chunk.checksum});  // NOLINT
    return fingerprint;
}

}  // namespace pal
