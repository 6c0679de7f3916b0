// Writes the parts of a palettized tensor beside its indices, and the documents of a file.
#pragma once

#include <string>

#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Writes the attributes of a palettized group that its stand-in does not have yet.
void write_group_attributes(hid_t group, const PalettizedTensor& tensor,
                            const std::string& spec_json);

/// Writes LUTs and scales, in the type of the original weights.
void write_luts(hid_t group, const PalettizedTensor& tensor, const StoredWeights& weights,
                const std::string& spec_json);

/// Writes /h5palettize/config and the root attributes but h5palettize_complete, which comes last.
void write_documents(hid_t root, const std::string& config_json, int format);

}  // namespace pal
