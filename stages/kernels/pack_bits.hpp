// Packing of values of few bits into bit strings, and back: most significant bit first, eight
// values at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// Packs values (< 2^n_bits, a multiple of 8 of them) into values.size() / 8 * n_bits bytes.
/// n_bits: 1 to 7.
void pack_eights(std::span<const std::uint8_t> values, int n_bits, std::span<std::uint8_t> packed);

/// Unpacks what pack_eights packed.
void unpack_eights(std::span<const std::uint8_t> packed, int n_bits,
                   std::span<std::uint8_t> values);

}  // namespace pal::kernels
