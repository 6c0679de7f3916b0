// Private to io/: what is compared as it is stored: datasets that cannot be decoded here, by their
// chunks, and user blocks.
#pragma once

#include <cstdint>

#include "io/files/raw_file.hpp"
#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// Are all filters of a dataset with these creation properties there?
[[nodiscard]] bool can_decode(hid_t plist);

/// The same chunks at the same places, byte for byte, with the same filters left out. Both chunked.
/// Throws Failure for a chunk that is larger than its file.
[[nodiscard]] bool same_chunks(hid_t a, std::uint64_t a_file_bytes, hid_t b,
                               std::uint64_t b_file_bytes);

/// The same first `bytes` bytes, which both files have. Throws Error(kInput).
[[nodiscard]] bool same_head(const RawFile& a, const RawFile& b, std::uint64_t bytes);

}  // namespace pal::h5
