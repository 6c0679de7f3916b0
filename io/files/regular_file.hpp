// Opens the files that a command reads.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "io/files/descriptor.hpp"

namespace pal {

/// Opens a regular file for reading. Never waits: a pipe, a socket or a device is refused, also
/// where it takes the file's place at that moment. Throws Error(kInput), which begins with `path`
/// and says why. wanted: ends the advice, as "an HDF5 file".
[[nodiscard]] Descriptor open_regular(const std::string& path, const std::string& wanted);

/// True for a pipe, a socket or a device: to open it may wait for ever. False for what is not
/// there, and for a regular file or a folder. Throws nothing.
[[nodiscard]] bool may_block(const std::filesystem::path& path) noexcept;

/// Returns fstat() of an open file. Throws Error(kInput), which begins with `path`.
[[nodiscard]] struct stat status_of(const Descriptor& file, const std::string& path);

}  // namespace pal
