// What a dataset says of itself against what its file can hold. Private to io/.
#pragma once

#include <cstdint>
#include <string>

#include "io/checkpoint_info.hpp"
#include "io/h5/hdf5.hpp"

namespace pal {

/// The most that a file of so many bytes expands to: deflate reaches 1032:1, no other filter does
/// better but on constant values.
[[nodiscard]] std::uint64_t most_expanded_bytes(std::uint64_t file_bytes) noexcept;

/// Enough for what the library needs of a file with reason: its metadata, blocks of values, and
/// what a chunk expands to.
[[nodiscard]] std::uint64_t most_library_bytes(std::uint64_t file_bytes) noexcept;

/// Why a chunked dataset cannot be what it says, by its size or its chunks'; empty where it can. A
/// few KiB may claim terabytes that were never written, or a single compressed chunk of 4 GiB:
/// reading them would take hours, or that memory. info: shape, bytes, chunk_bytes, storage.
[[nodiscard]] std::string implausible_chunks(const DatasetInfo& info, std::uint64_t file_bytes);

/// What the library says of the chunk index of a dataset; empty where it can be read. Asked for
/// where memory is bounded, as indices of a damaged file may take gigabytes, and of small files
/// only: in large ones that memory would be no sign of damage.
[[nodiscard]] std::string damage_of_index(hid_t dataset, std::uint64_t file_bytes);

/// Why a contiguous or compact dataset of fixed-size elements cannot be what it says: its storage
/// is smaller than its values, or lies beyond the end of the file. Empty where it can. info:
/// bytes. The library does not look: it copies the smaller size and reads the larger.
[[nodiscard]] std::string implausible_storage(hid_t dataset, const DatasetInfo& info,
                                              std::uint64_t file_bytes);

}  // namespace pal
