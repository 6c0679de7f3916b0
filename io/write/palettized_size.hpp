// Measures what HDF5 needs around the parts of a palettized tensor, by writing one in memory.
#pragma once

#include <cstdint>

#include "io/h5/heap_bytes.hpp"
#include "io/read/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Bytes that objects take in a file beside the values of their datasets.
struct StructureSize {
    std::uint64_t bytes = 0;  // headers, attributes, links, indices of chunks
    h5::HeapBytes heaps;      // texts
};

/// Returns the size of the palettized group that replaces a dataset, attributes included.
/// dtype: of the weights. Writes one group of each kind, and remembers its size for the process.
[[nodiscard]] StructureSize palettized_structure(const DatasetInfo& dataset,
                                                 const Geometry& geometry,
                                                 const PalettizationSpec& spec, DType dtype);

/// Returns the size of what CheckpointWriter::finish() adds to a file.
/// root, root_attributes  of the original
[[nodiscard]] StructureSize documents_structure(FormatForm root, AttributeSizes root_attributes);

}  // namespace pal
