// Reverses values that are stored in the other byte order than this machine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace pal {

template <class Bits>
void swap_each(std::span<std::byte> bytes, Bits (*swapped)(Bits)) {
    for (std::size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
        Bits bits = 0;
        std::memcpy(&bits, bytes.data() + at, sizeof bits);
        bits = swapped(bits);
        std::memcpy(bytes.data() + at, &bits, sizeof bits);
    }
}

/// Reverses the bytes of each element in place. element_bytes: 2, 4 or 8.
inline void swap_byte_order(std::span<std::byte> bytes, std::size_t element_bytes) {
    if (element_bytes == 2) {
        swap_each<std::uint16_t>(bytes, [](std::uint16_t bits) { return __builtin_bswap16(bits); });
    } else if (element_bytes == 4) {
        swap_each<std::uint32_t>(bytes, [](std::uint32_t bits) { return __builtin_bswap32(bits); });
    } else {
        swap_each<std::uint64_t>(bytes, [](std::uint64_t bits) { return __builtin_bswap64(bits); });
    }
}

}  // namespace pal
