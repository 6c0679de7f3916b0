// Inverse of HDF5's shuffle filter. The filter stores the first bytes of all elements, then the
// second ones, and so on, which compresses better.
#pragma once

#include <cstddef>
#include <span>

namespace pal::kernels {

/// Puts the bytes of each element together again. `shuffled` and `elements` have one size and do
/// not overlap. Bytes after the last whole element are copied. element_bytes > 0; sizes 2, 4 and 8
/// run at the speed of memory.
void unshuffle(std::span<const std::byte> shuffled, std::size_t element_bytes,
               std::span<std::byte> elements);

}  // namespace pal::kernels
