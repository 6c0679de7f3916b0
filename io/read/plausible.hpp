// Checks the claims of a dataset against what its file can hold.
#pragma once

#include <cstdint>
#include <string>

#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint_info.hpp"

namespace pal {

/// Returns the most bytes that a file expands to. Deflate reaches 1032:1; other filters do better
/// on constant values only.
[[nodiscard]] std::uint64_t most_expanded_bytes(std::uint64_t file_bytes) noexcept;

/// Returns the most bytes of values that a file can hold, those that were never written included.
[[nodiscard]] std::uint64_t most_plausible_bytes(std::uint64_t file_bytes) noexcept;

/// Returns the most memory that the library reasonably needs for a file: its metadata, blocks of
/// values, and a chunk expanded.
[[nodiscard]] std::uint64_t most_library_bytes(std::uint64_t file_bytes) noexcept;

/// Returns why a chunked dataset, or a chunk of it, is too large for its file; empty if it is not.
/// A few KiB may claim terabytes that were never written, or a single compressed chunk of 4 GiB:
/// reading them would take hours, or that memory. Looks at info.shape, bytes, chunk_bytes, storage.
[[nodiscard]] std::string implausible_chunks(const DatasetInfo& info, std::uint64_t file_bytes);

/// Returns what is wrong with the chunk index of a dataset; empty if it can be read, or if the file
/// is large. Call it with bounded memory: the index of a damaged file may take gigabytes. In a
/// large file such an amount would be no sign of damage.
[[nodiscard]] std::string damage_of_index(hid_t dataset, std::uint64_t file_bytes);

/// Returns why a contiguous or compact dataset of fixed-size elements cannot be there: its storage
/// is smaller than its values, or lies beyond the end of the file. Empty if it can. The library
/// does not check: it copies the smaller size and reads the larger. Looks at info.shape and bytes.
[[nodiscard]] std::string implausible_storage(hid_t dataset, const DatasetInfo& info,
                                              std::uint64_t file_bytes);

}  // namespace pal
