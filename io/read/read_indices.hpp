// The member `indices` of a palettized group. Private to io/.
#pragma once

#include <string>

#include "io/h5/hdf5.hpp"
#include "stages/tensor/chunks.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// file, tensor: for messages.
[[nodiscard]] PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                                        const std::string& file, const std::string& tensor);

}  // namespace pal
