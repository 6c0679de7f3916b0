// LZF (filter 32000 of the HDF Group's registry), which h5py always has and HDF5 has not.
#pragma once

#include <cstddef>
#include <span>

#include "io/h5/hdf5.hpp"

namespace pal {

inline constexpr H5Z_filter_t kLzfFilter = 32000;

/// Registers LZF with the library, for the process. Later calls do nothing. The library then reads
/// and writes such chunks as h5py does. Throws h5::Failure.
void register_lzf();

/// Decompresses a chunk into `expanded`. Returns the bytes that it fills; 0 for damaged data, and
/// for more than `expanded` holds.
[[nodiscard]] std::size_t expand_lzf(std::span<const std::byte> stored,
                                     std::span<std::byte> expanded) noexcept;

}  // namespace pal
