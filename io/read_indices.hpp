// The member `indices` of a palettized group. Private to io/.
#pragma once

#include <string>

#include "io/hdf5.hpp"
#include "stages/chunks.hpp"
#include "stages/tensor.hpp"

namespace pal {

/// name: the file's and the tensor's, for messages.
[[nodiscard]] PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                                        const std::string& name);

}  // namespace pal
