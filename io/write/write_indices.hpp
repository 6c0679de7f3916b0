// The member `indices` of a palettized group. Private to io/.
#pragma once

#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/chunk_place.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Returns where the chunks are, for the journal.
std::vector<ChunkPlace> write_indices(hid_t group, const PalettizedTensor& tensor,
                                      CheckpointWriter::Impl& impl);

}  // namespace pal
