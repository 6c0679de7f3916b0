// Writes the member `indices` of a palettized group.
#pragma once

#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/chunk_place.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Creates and writes `indices` in the open group. Returns the places of its chunks, in the order
/// of the ChunkGrid, for the journal.
std::vector<ChunkPlace> write_indices(hid_t group, const PalettizedTensor& tensor,
                                      CheckpointWriter::Impl& impl);

}  // namespace pal
