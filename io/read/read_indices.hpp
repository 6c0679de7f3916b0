// Reads the member `indices` of a palettized group.
#pragma once

#include <string>

#include "io/h5/hdf5.hpp"
#include "stages/tensor/chunks.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Opens the chunks of packed indices of `n_bits`. Chunks as this program writes them are read on
/// demand; others are decoded by the library and packed now. Throws Error(kInput) for damage;
/// reading a chunk throws the same. file, tensor: names for messages.
[[nodiscard]] PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                                        const std::string& file, const std::string& tensor);

}  // namespace pal
