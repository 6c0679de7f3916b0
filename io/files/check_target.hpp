// Checks the name of an output before anything is made.
#pragma once

#include <string>

namespace pal {

/// Throws Error(kOutput) where `target` cannot become an output. Writes nothing. Refused are:
/// - the source under any name (same device and inode)
/// - a folder, or another file that is not regular
/// - an existing file, unless `force`
/// - a file in a folder that is missing or not writable
void check_target(const std::string& source, const std::string& target, bool force);

}  // namespace pal
