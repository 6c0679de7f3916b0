// Compares datasets that cannot be decoded here by their stored chunks.
#pragma once

#include <cstdint>

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// Returns true if all filters of these creation properties are available.
[[nodiscard]] bool can_decode(hid_t plist);

/// Compares the chunks of two chunked datasets: places, bytes, filters left out. Throws Failure for
/// a chunk that is larger than its file.
[[nodiscard]] bool same_chunks(hid_t a, std::uint64_t a_file_bytes, hid_t b,
                               std::uint64_t b_file_bytes);

}  // namespace pal::h5
