// A file of text that the command line names: a config, options.
#pragma once

#include <string>

namespace pal {

/// Its bytes, up to its end: it may be a pipe. Throws Error(kUsage), which begins with `name`
/// ("--config FILE"): a folder, what cannot be read, more than 4 MiB (no more is read).
[[nodiscard]] std::string read_text_file(const std::string& path, const std::string& name);

}  // namespace pal
