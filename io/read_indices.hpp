// The member `indices` of a palettized group. Private to io/.
#pragma once

#include <string>

#include "io/hdf5.hpp"
#include "stages/chunks.hpp"
#include "stages/tensor.hpp"

namespace pal {

/// file, tensor: for messages.
[[nodiscard]] PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                                        const std::string& file, const std::string& tensor);

}  // namespace pal
