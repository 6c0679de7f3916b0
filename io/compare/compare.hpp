// Compares two checkpoints outside palettized tensors.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"

namespace pal {

/// Returns the differences between `original` and `derived` outside the tensors that `derived`
/// holds palettized: one line "path: difference" each, empty if there are none. Compares structure,
/// links, attributes and raw data of every object. Throws Error(kInput) where a file cannot be
/// read.
[[nodiscard]] std::vector<std::string> compare_untouched(const CheckpointReader& original,
                                                         const CheckpointReader& derived);

}  // namespace pal
