// Private to io/: datasets that cannot be decoded here, compared by their chunks as they are
// stored.
#pragma once

#include <cstdint>

#include "io/hdf5.hpp"

namespace pal::h5 {

/// Are all filters of a dataset with these creation properties there?
[[nodiscard]] bool can_decode(hid_t plist);

/// The same chunks at the same places, byte for byte, with the same filters left out. Both chunked.
/// Throws Failure for a chunk that is larger than its file.
[[nodiscard]] bool same_chunks(hid_t a, std::uint64_t a_file_bytes, hid_t b,
                               std::uint64_t b_file_bytes);

}  // namespace pal::h5
