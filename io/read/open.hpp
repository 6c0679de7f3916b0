// Opens a checkpoint read-only, or tells people what the file is instead.
#pragma once

#include <string>

#include "io/files/raw_file.hpp"
#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint_info.hpp"

namespace pal {

/// Opens `path` with the library and fills info.file and info.file_bytes. raw: the same file, open
/// already. Throws Error(kInput): empty, truncated, damaged, or of another format, which the
/// message names.
[[nodiscard]] h5::File open_checkpoint(const std::string& path, const RawFile& raw,
                                       CheckpointInfo& info);

}  // namespace pal
