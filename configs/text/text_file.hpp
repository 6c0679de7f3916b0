// Reads a text file that the command line names: a config or options.
#pragma once

#include <string>

namespace pal {

/// Reads a file to its end; it may be a pipe. Throws Error(kUsage), which begins with `name`
/// ("--config FILE"), for a folder, an unreadable file, and more than 4 MiB.
[[nodiscard]] std::string read_text_file(const std::string& path, const std::string& name);

}  // namespace pal
