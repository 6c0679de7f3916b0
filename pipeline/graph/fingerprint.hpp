// Tells one input or configuration from another; no protection against intent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stages/tensor/tensor.hpp"

namespace pal {

struct ChunkPlace;

/// FNV-1a, 64 bits.
class Fingerprint {
  public:
    void add(std::string_view text) noexcept {
        for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    /// 16 hexadecimal digits.
    [[nodiscard]] std::string text() const;

  private:
    std::uint64_t hash_ = 0xCBF29CE484222325U;
};

/// Of all that indices are decoded with, whose last bits no error tells: LUT, channel scales, and
/// of a quantized LUT its bytes, scales and zero points. Numbers count as little-endian float64.
[[nodiscard]] Fingerprint palette_fingerprint(const PalettizedTensor& tensor) noexcept;

/// Of a tensor's chunks of indices, by their checksums.
[[nodiscard]] Fingerprint chunks_fingerprint(const std::vector<ChunkPlace>& chunks) noexcept;

}  // namespace pal
