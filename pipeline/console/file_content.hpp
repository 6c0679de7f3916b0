// Reads a whole file.
#pragma once

#include <cstddef>
#include <string>

namespace pal {

/// Returns the bytes of a file. Throws Error(kInput), which names it, if it is missing, a folder or
/// unreadable. Throws it too if the file has more than most_bytes: a device would have no end.
/// no_wanted: says in the message what such a file cannot be, as "no report".
[[nodiscard]] std::string file_content(const std::string& path, std::size_t most_bytes,
                                       const std::string& no_wanted);

}  // namespace pal
