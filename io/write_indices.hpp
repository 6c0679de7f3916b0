// The member `indices` of a palettized group. Private to io/.
#pragma once

#include <vector>

#include "io/checkpoint_writer.hpp"
#include "io/hdf5.hpp"
#include "stages/tensor.hpp"

namespace pal {

/// Returns where the chunks are, for the journal.
std::vector<ChunkPlace> write_indices(hid_t group, const PalettizedTensor& tensor,
                                      CheckpointWriter::Impl& impl);

}  // namespace pal
