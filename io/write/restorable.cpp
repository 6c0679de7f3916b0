#include "io/write/restorable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "io/files/paths.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/h5/storage.hpp"
#include "io/read/plausible.hpp"

namespace pal {

namespace {

/// Throws if so many bytes are more than the file can hold.
void require_plausible_restore(const Checkpoint& source, const std::string& path,
                               std::uint64_t bytes) {
    const std::uint64_t file_bytes = source.info.file_bytes + source.linked_bytes;
    if (bytes <= most_plausible_bytes(file_bytes)) return;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {}: with it {} bytes would be restored, more than a file of {} "
                            "bytes can hold; the file is damaged, palettize the original again",
                            source.path, path, bytes, file_bytes));
}

/// Adds up to the largest number at most.
void add_to(std::uint64_t& sum, std::uint64_t bytes) {
    if (__builtin_add_overflow(sum, bytes, &sum)) sum = ~std::uint64_t{0};
}

h5::RestoredSize restored_size(const Checkpoint& source, const std::string& path) {
    try {
        const auto group = source.open_at<h5::Group>(source.address_of(path), path);
        return h5::restored_size(group.get());
    } catch (const Error& error) {
        throw Error(ErrorCode::kInput, source.path + ": " + path + ": " + error.what());
    }
}

}  // namespace

void require_restorable(const Checkpoint& source, const std::vector<std::string>& tensors,
                        const std::string& target) {
    std::uint64_t all = 0;
    std::uint64_t unfiltered = 0;
    with_memory_fence(most_library_bytes(source.info.file_bytes + source.linked_bytes), [&] {
        for (const std::string& path : tensors) {
            const h5::RestoredSize size = restored_size(source, path);
            add_to(all, size.bytes);
            require_plausible_restore(source, path, all);
            if (!size.filtered) add_to(unfiltered, size.bytes);
        }
    });
    std::error_code unknown;
    const auto space = std::filesystem::space(folder_of(target), unknown);
    if (unknown || unfiltered <= space.available) return;
    throw Error(ErrorCode::kOutput,
                fmt::format("{}: no room for the {} bytes that are restored: {} are free", target,
                            unfiltered, space.available));
}

}  // namespace pal
