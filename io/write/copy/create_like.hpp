// Creates the file that a copy goes into.
#pragma once

#include <string>

#include "io/read/checkpoint.hpp"

namespace pal {

/// Creates `path` with the user block, sizes and root properties of the source. Fails where a file
/// of that name exists.
[[nodiscard]] h5::File create_like(const Checkpoint& source, const std::string& path);

}  // namespace pal
