// A file that is read whole.
#pragma once

#include <cstddef>
#include <string>

namespace pal {

/// Its bytes. Throws Error(kInput) that names it: not there, a folder, unreadable, or more than
/// most_bytes (no more is read: a device would have no end), which is then `no_wanted`, as "no
/// report".
[[nodiscard]] std::string file_content(const std::string& path, std::size_t most_bytes,
                                       const std::string& no_wanted);

}  // namespace pal
