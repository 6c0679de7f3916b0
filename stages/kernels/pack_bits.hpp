// Values of few bits to and from bit strings, most significant bit first, eight at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// values (< 2^n_bits, a multiple of 8 of them) to values.size() / 8 * n_bits bytes. n_bits: 1
/// to 7.
void pack_eights(std::span<const std::uint8_t> values, int n_bits, std::span<std::uint8_t> packed);

/// The inverse.
void unpack_eights(std::span<const std::uint8_t> packed, int n_bits,
                   std::span<std::uint8_t> values);

}  // namespace pal::kernels
