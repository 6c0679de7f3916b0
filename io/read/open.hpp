// Opens a checkpoint read-only, or tells people what the file is instead.
#pragma once

#include <string>

#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint_info.hpp"

namespace pal {

/// Opens `path` and fills info.file and info.file_bytes. Throws Error(kInput): missing, a folder,
/// unreadable, empty, truncated, damaged, or of another format, which the message names.
[[nodiscard]] h5::File open_checkpoint(const std::string& path, CheckpointInfo& info);

}  // namespace pal
