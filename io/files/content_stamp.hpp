// Identifies the contents of a file without reading all of it.
#pragma once

#include <string>

namespace pal {

/// Returns a text of the file's size, its time of change and a checksum of samples: 64 blocks of 4
/// KiB. Throws Error(kInput) where the file cannot be read.
[[nodiscard]] std::string content_stamp(const std::string& path);

/// Returns a text that is another one once the file at `path` was written to, renamed or given
/// other permissions (its inode and ctime). A copy has another one too. Throws Error(kInput).
[[nodiscard]] std::string inode_stamp(const std::string& path);

/// Tells whether no file was changed between two texts of inode_stamp(), or of several with blanks
/// between them. For a file that is another copy there is nothing to tell.
[[nodiscard]] bool no_inode_changed(const std::string& before, const std::string& now);

}  // namespace pal
