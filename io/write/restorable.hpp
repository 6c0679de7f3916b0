// Looks at what a restore would write before it writes anything.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint.hpp"

namespace pal {

/// Throws Error(kInput) if tensors of a palettized file restore to more than a file of its size can
/// hold: few bytes may claim terabytes. Throws Error(kOutput) if what is written without a filter
/// is more than the free space in the folder of `target`.
void require_restorable(const Checkpoint& source, const std::vector<std::string>& tensors,
                        const std::string& target);

}  // namespace pal
