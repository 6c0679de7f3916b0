// Writes the member `indices` of a palettized group.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/write/chunk_place.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Type and creation properties of indices of one chunk shape and number of bits.
struct IndexStorage {
    h5::Type type;
    h5::Plist plist;
};
using IndexStorages = std::map<std::pair<Shape, int>, IndexStorage>;

/// Tasks of the writer of chunks beside writing them.
struct ChunkNotes {
    bool keeps_all = false;                  // no offsets: places hold the bytes of the chunks
    std::function<void(std::size_t)> wrote;  // called with the bytes of each chunk
};

/// Creates and writes `indices` in the open group. Returns the places of its chunks, in the order
/// of the ChunkGrid, for the journal.
std::vector<ChunkPlace> write_indices(hid_t group, const PalettizedTensor& tensor,
                                      IndexStorages& storages, const ChunkNotes& notes);

}  // namespace pal
