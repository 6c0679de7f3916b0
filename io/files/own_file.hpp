// Files of this user under fixed hidden names: journals and partial files. In a shared folder such
// a name can be a link to a file that must not be emptied, or another user's forgery.
#pragma once

#include <chrono>
#include <string>

#include "io/files/descriptor.hpp"

namespace pal {

/// Opens a regular file of this user that has one name. Not open where there is none.
/// target: begins the text of errors. Throws Error(kOutput) for any other file.
[[nodiscard]] Descriptor open_own_file(const std::string& target, const std::string& path,
                                       int flags);

/// Opens such a file to read and write, and locks it until it is closed. Creates it, for this user
/// only, where there is none and `create`. Not open where there is none and not `create`. Throws
/// Error(kOutput) where another process has it locked for longer than `patience`.
[[nodiscard]] Descriptor lock_own_file(const std::string& target, const std::string& path,
                                       bool create = true, std::chrono::milliseconds patience = {});

}  // namespace pal
