#include "io/filters/chunk_filters.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "io/filters/lzf.hpp"
#include "stages/kernels/unshuffle.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::size_t kChecksumBytes = 4;

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kInput, what); }

std::uint32_t stored_checksum(std::span<const std::byte> bytes) {  // little-endian
    std::uint32_t value = 0;
    for (std::size_t b = kChecksumBytes; b-- > 0;) {
        value = value << 8 | std::to_integer<std::uint32_t>(bytes[b]);
    }
    return value;
}

/// Returns the bytes without the checksum at their end, which must match.
std::span<const std::byte> checked(std::span<const std::byte> bytes) {
    if (bytes.size() < kChecksumBytes) refuse("too short for its fletcher32 checksum");
    const auto body = bytes.first(bytes.size() - kChecksumBytes);
    const std::uint32_t expected = stored_checksum(bytes.last(kChecksumBytes));
    const std::uint32_t found = fletcher32(body);
    // HDF5 1.6.2 wrote the bytes of each half in the other order; the library accepts both.
    const std::uint32_t swapped = (found & 0x00FF00FFU) << 8 | (found >> 8 & 0x00FF00FFU);
    if (expected != found && expected != swapped) refuse("its fletcher32 checksum does not match");
    return body;
}

}  // namespace

std::uint32_t fletcher32(std::span<const std::byte> bytes) noexcept {
    // Sums of 360 words fit 32 bits before they are folded.
    constexpr std::size_t kWords = 360;
    const auto fold = [](std::uint32_t sum) { return (sum & 0xFFFFU) + (sum >> 16); };
    const auto at = [&](std::size_t b) { return std::to_integer<std::uint32_t>(bytes[b]); };
    std::uint32_t sum = 0;
    std::uint32_t sum_of_sums = 0;
    const std::size_t words = bytes.size() / 2;
    for (std::size_t begin = 0; begin < words; begin += kWords) {
        for (std::size_t w = begin; w < std::min(words, begin + kWords); ++w) {
            sum += at(2 * w) << 8 | at(2 * w + 1);
            sum_of_sums += sum;
        }
        sum = fold(sum);
        sum_of_sums = fold(sum_of_sums);
    }
    if (bytes.size() % 2 != 0) {
        sum = fold(sum + (at(bytes.size() - 1) << 8));
        sum_of_sums = fold(sum_of_sums + sum);
    }
    return fold(sum_of_sums) << 16 | fold(sum);
}

std::optional<ChunkFilters> ChunkFilters::of(const h5::Plist& creation) {
    ChunkFilters result;
    for (const auto& [id, flags, values] : h5::filters_of(creation.get())) {
        const bool shuffle = id == H5Z_FILTER_SHUFFLE;
        constexpr std::array kUndone{H5Z_filter_t{H5Z_FILTER_SHUFFLE},
                                     H5Z_filter_t{H5Z_FILTER_DEFLATE},
                                     H5Z_filter_t{H5Z_FILTER_FLETCHER32}, kLzfFilter};
        if (std::ranges::find(kUndone, id) == kUndone.end()) return std::nullopt;
        if (shuffle && (values.size() != 1 || values[0] == 0)) return std::nullopt;
        for (const Filter& other : result.filters_) {
            if (other.id == id) return std::nullopt;
        }
        result.filters_.push_back({id, shuffle ? values[0] : 0});
    }
    return result;
}

std::uint64_t ChunkFilters::most_stored_bytes(std::uint64_t chunk_bytes) const noexcept {
    if (filters_.empty()) return chunk_bytes;
    // Deflate adds 5 bytes to each stored block, and a bad encoder may make small blocks. No sane
    // one doubles the data.
    return 2 * chunk_bytes + 4096;
}

void ChunkDecoder::Release::operator()(libdeflate_decompressor* inflater) const noexcept {
    libdeflate_free_decompressor(inflater);
}

ChunkDecoder::ChunkDecoder(const ChunkFilters& filters) : filters_(filters) {
    for (const ChunkFilters::Filter& filter : filters.filters_) {
        if (filter.id != H5Z_FILTER_DEFLATE) continue;
        inflater_.reset(libdeflate_alloc_decompressor());
        if (!inflater_) throw std::bad_alloc();
    }
}

std::span<std::byte> ChunkDecoder::buffer_for(std::span<const std::byte> input, std::size_t bytes) {
    const std::span<std::byte> first = buffers_[0].first(1);
    const bool taken = !input.empty() && input.data() == first.data();
    return buffers_[taken ? 1 : 0].first(bytes);
}

std::span<const std::byte> ChunkDecoder::inflate(std::span<const std::byte> stored,
                                                 std::span<std::byte> inflated) {
    std::size_t read = 0;
    std::size_t written = 0;
    const libdeflate_result result =
        libdeflate_zlib_decompress_ex(inflater_.get(), stored.data(), stored.size(),
                                      inflated.data(), inflated.size(), &read, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) refuse("its gzip data is longer than the chunk");
    if (result != LIBDEFLATE_SUCCESS) refuse("its gzip data is damaged");
    return inflated.first(written);
}

void ChunkDecoder::decode(std::span<const std::byte> stored, std::uint32_t mask,
                          std::span<std::byte> chunk) {
    std::span<const std::byte> bytes = stored;
    const auto& filters = filters_.filters_;
    // A checksum from before deflate adds to the size that the data inflates to.
    const auto size_before = [&](std::size_t f) {
        std::size_t size = chunk.size();
        for (std::size_t earlier = 0; earlier < f; ++earlier) {
            const bool applied = (mask >> earlier & 1U) == 0;
            if (applied && filters[earlier].id == H5Z_FILTER_FLETCHER32) size += kChecksumBytes;
        }
        return size;
    };
    for (std::size_t f = filters.size(); f-- > 0;) {
        if ((mask >> f & 1U) != 0) continue;
        // The last filter writes right into the chunk if the size fits.
        const auto target = [&](std::size_t size) {
            return f == 0 && size == chunk.size() ? chunk : buffer_for(bytes, size);
        };
        switch (filters[f].id) {  // those that ChunkFilters::of() takes
            case H5Z_FILTER_FLETCHER32:
                bytes = checked(bytes);
                break;
            case H5Z_FILTER_DEFLATE:
                bytes = inflate(bytes, target(size_before(f)));
                break;
            case kLzfFilter: {
                const std::span<std::byte> room = target(size_before(f));
                const std::size_t filled = expand_lzf(bytes, room);
                if (filled == 0) refuse("its LZF data is damaged");
                bytes = room.first(filled);
                break;
            }
            case H5Z_FILTER_SHUFFLE: {
                const std::span<std::byte> elements = target(bytes.size());
                kernels::unshuffle(bytes, filters[f].element_bytes, elements);
                bytes = elements;
                break;
            }
            default:
                throw std::logic_error("chunk filter that is not undone here");
        }
    }
    if (bytes.size() != chunk.size()) {
        refuse("holds " + std::to_string(bytes.size()) + " bytes where its shape takes " +
               std::to_string(chunk.size()));
    }
    if (bytes.data() != chunk.data()) std::copy(bytes.begin(), bytes.end(), chunk.begin());
}

}  // namespace pal
