#include "io/write/chunk_place.hpp"

#include <libdeflate.h>

namespace pal {

ChunkPlace checksum_of(std::span<const std::uint8_t> bytes) {
    ChunkPlace place;
    place.bytes = static_cast<std::uint32_t>(bytes.size());
    place.checksum = libdeflate_crc32(0, bytes.data(), bytes.size());
    return place;
}

std::vector<ChunkPlace> checksums_of(const PalettizedTensor& tensor) {
    std::vector<ChunkPlace> places;
    for_each_chunk_in_order(tensor, [&](std::size_t, std::span<const std::uint8_t> bytes) {
        places.push_back(checksum_of(bytes));
    });
    return places;
}

}  // namespace pal
