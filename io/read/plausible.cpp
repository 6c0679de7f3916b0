#include "io/read/plausible.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace pal {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kMostExpansion = 1100;

// Allowed beyond the expanded file. Values that were never written take no room in it: a dataset
// may have been laid out only.
constexpr std::uint64_t kMostUnwrittenBytes = 1024 * kMiB;
constexpr std::uint64_t kMostChunkBytes = 64 * kMiB;

constexpr std::uint64_t kSmallFileBytes = 16 * kMiB;

std::uint64_t plus(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::uint64_t>::max() : sum;
}

std::string implausible_size(const DatasetInfo& info, std::uint64_t file_bytes) {
    if (info.bytes <= most_plausible_bytes(file_bytes)) return "";
    return fmt::format("the {} bytes of shape {} are more than a file of {} bytes can hold",
                       info.bytes, shape_to_string(info.shape), file_bytes);
}

}  // namespace

std::uint64_t most_expanded_bytes(std::uint64_t file_bytes) noexcept {
    std::uint64_t bytes = 0;
    return __builtin_mul_overflow(file_bytes, kMostExpansion, &bytes)
               ? std::numeric_limits<std::uint64_t>::max()
               : bytes;
}

std::uint64_t most_plausible_bytes(std::uint64_t file_bytes) noexcept {
    return plus(kMostUnwrittenBytes, most_expanded_bytes(file_bytes));
}

std::uint64_t most_library_bytes(std::uint64_t file_bytes) noexcept {
    // A comparison holds a block of 64 MiB and a chunk of each file; the library caches metadata.
    return plus(4 * kMostChunkBytes, most_expanded_bytes(file_bytes));
}

std::string implausible_chunks(const DatasetInfo& info, std::uint64_t file_bytes) {
    // The library holds a whole filtered chunk, but only the wanted part of an unfiltered one.
    const bool filtered = info.storage != "chunked";
    if (filtered && info.chunk_bytes > plus(kMostChunkBytes, most_expanded_bytes(file_bytes))) {
        return fmt::format("its chunks of {} bytes are more than a file of {} bytes can hold",
                           info.chunk_bytes, file_bytes);
    }
    return implausible_size(info, file_bytes);
}

std::string damage_of_index(hid_t dataset, std::uint64_t file_bytes) {
    if (file_bytes > kSmallFileBytes) return "";
    const h5::Space space = h5::dataset_space(dataset);
    hsize_t count = 0;
    try {
        h5::call("count chunks", [&] { return H5Dget_num_chunks(dataset, space.get(), &count); });
        // For each chunk the library walks from the first one again.
        constexpr hsize_t kMostLookedAt = 256;
        for (hsize_t c = 0; c < std::min(count, kMostLookedAt); ++c) {
            haddr_t address = HADDR_UNDEF;
            hsize_t bytes = 0;
            h5::call("look for a chunk", [&] {
                return H5Dget_chunk_info(dataset, space.get(), c, nullptr, nullptr, &address,
                                         &bytes);
            });
            if (address > file_bytes || bytes > file_bytes - address)
                return fmt::format("a chunk of {} bytes lies beyond the end of the file", bytes);
        }
    } catch (const h5::Failure& failure) {
        if (failure.code() == ErrorCode::kLimit) throw;
        return failure.what();
    }
    return "";
}

std::string implausible_storage(hid_t dataset, const DatasetInfo& info, std::uint64_t file_bytes) {
    const std::uint64_t stored = h5::storage_bytes(dataset);
    const std::optional<std::uint64_t> offset = h5::file_offset(dataset);
    if (stored == 0) return implausible_size(info, file_bytes);  // never written
    if (stored < info.bytes) {
        return fmt::format("its shape {} takes {} bytes, its storage has {}",
                           shape_to_string(info.shape), info.bytes, stored);
    }
    if (offset && (*offset > file_bytes || info.bytes > file_bytes - *offset)) {
        return fmt::format("its {} bytes at {} lie beyond the end of the file, {}", info.bytes,
                           *offset, file_bytes);
    }
    return "";
}

}  // namespace pal
