// Names of files: folders, links, and the hidden names beside an output.
#pragma once

#include <sys/stat.h>

#include <string>

namespace pal {

/// Returns the folder that the last component of a path is in; "." where the path names none.
[[nodiscard]] std::string folder_of(const std::string& path);

/// Returns the hidden name beside `target` that ends in `suffix`. Different targets get different
/// names.
[[nodiscard]] std::string beside(const std::string& target, const std::string& suffix);

/// Follows links to the file that they lead to, which need not exist: it is replaced or made, and
/// the link stays. Returns the path itself where it is no link, or links lead in a circle. Throws
/// nothing.
[[nodiscard]] std::string behind_links(const std::string& path);

/// Tells whether two names lead to one file, which need not exist yet. Throws nothing.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b) noexcept;

/// Tells whether two results of stat() are of one file.
[[nodiscard]] bool same_inode(const struct stat& a, const struct stat& b) noexcept;

}  // namespace pal
