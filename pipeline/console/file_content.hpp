// Reads a whole file.
#pragma once

#include <cstddef>
#include <string>

#include "io/files/descriptor.hpp"

namespace pal {

/// Returns the bytes of a file that was just opened. Throws Error(kInput), which names it, if it is
/// not open, a folder or unreadable. Throws it too if the file has more than most_bytes: a device
/// would have no end.
/// no_wanted: says in the message what such a file cannot be, as "no report".
[[nodiscard]] std::string file_content(const Descriptor& file, const std::string& path,
                                       std::size_t most_bytes, const std::string& no_wanted);

}  // namespace pal
