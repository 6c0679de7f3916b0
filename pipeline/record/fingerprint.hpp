// Fingerprints tell one input or configuration from another. They do not protect against intent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stages/tensor/tensor.hpp"

namespace pal {

struct ChunkPlace;

/// Hashes text with FNV-1a, 64 bits.
class Fingerprint {
  public:
    void add(std::string_view text) noexcept {
        for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    /// Returns 16 hexadecimal digits.
    [[nodiscard]] std::string text() const;

  private:
    std::uint64_t hash_ = 0xCBF29CE484222325U;
};

/// Fingerprint of all numbers that indices are decoded with: LUT, channel scales, and the bytes,
/// scales and zero points of a quantized LUT. The error of a tensor does not show their last bits.
/// Numbers count as little-endian float64.
[[nodiscard]] Fingerprint palette_fingerprint(const PalettizedTensor& tensor) noexcept;

/// Fingerprint of a tensor's chunks of indices, made from their checksums.
[[nodiscard]] Fingerprint chunks_fingerprint(const std::vector<ChunkPlace>& chunks) noexcept;

}  // namespace pal
