// Private to io/: what an open checkpoint is to the reader, the copier and the comparison.
#pragma once

#include <map>
#include <string>

#include "io/checkpoint_reader.hpp"
#include "io/hdf5.hpp"
#include "io/raw_file.hpp"

namespace pal {

struct CheckpointReader::Impl {
    std::string path;
    h5::File file;
    RawFile raw;  // the same file, for reading past the library
    CheckpointInfo info;
    bool has_format = false;  // the root's h5palettize_format, complete or not
    std::map<std::string, haddr_t>
        addresses;  // of every dataset and palettized group, by path and alias
};

/// Fills impl.info from impl.file.
void scan_checkpoint(CheckpointReader::Impl& impl);

/// Opens a file read-only, or says what it is instead.
[[nodiscard]] h5::File open_checkpoint(const std::string& path, CheckpointInfo& info);

/// Deepest nesting of groups that is followed.
inline constexpr std::size_t kMaxDepth = 1000;

[[nodiscard]] inline std::string child_path(const std::string& group, const std::string& name) {
    std::string path = group;
    if (path.back() != '/') path += '/';
    return path += name;
}

}  // namespace pal
