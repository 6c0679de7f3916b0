// Checks the name of an output before anything is made.
#pragma once

#include <string>

namespace pal {

/// Throws Error(kOutput) where `target` cannot become an output: it is the source under any name
/// (same device and inode), a folder or no regular file; it exists and not `force`; its folder is
/// missing or not writable. Writes nothing.
void check_target(const std::string& source, const std::string& target, bool force);

}  // namespace pal
