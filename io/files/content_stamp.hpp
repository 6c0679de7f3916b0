// Identifies the contents of a file without reading all of it.
#pragma once

#include <string>

namespace pal {

/// Returns a text of the file's size, its time of change and a checksum of samples: 64 blocks of 4
/// KiB. Throws Error(kInput) where the file cannot be read.
[[nodiscard]] std::string content_stamp(const std::string& path);

}  // namespace pal
