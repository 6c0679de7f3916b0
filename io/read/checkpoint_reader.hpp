// Reads checkpoints: the list of what is in one, and the weights of a tensor. Opens files read-only
// and without a lock, which would need a writable file system. All HDF5 calls of the process go
// through one mutex; call no function here with that mutex held.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "io/read/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

struct Checkpoint;

/// How a file is read. By default it makes this process read nothing but itself.
struct ReadOptions {
    /// Data in other files: external storage, virtual datasets, tensors of a palettized checkpoint.
    bool follow_external = false;
    bool allow_plugins = false;  // filters in libraries that HDF5 loads from HDF5_PLUGIN_PATH
    /// Paths of hard links that are read as if they were not there (topmost_links).
    std::set<std::string> dropped = {};
};

class CheckpointReader {
  public:
    /// Opens and scans `path`. allow_plugins is a setting of the process: the reader opened last
    /// decides. Throws Error(kInput): missing, a folder, unreadable, empty, truncated, not HDF5.
    /// The message then says what the file looks like: a zip, a Git-LFS pointer, netCDF-3, MATLAB
    /// v5.
    explicit CheckpointReader(const std::string& path, const ReadOptions& options = {});
    ~CheckpointReader();
    CheckpointReader(const CheckpointReader&) = delete;
    CheckpointReader& operator=(const CheckpointReader&) = delete;

    [[nodiscard]] const CheckpointInfo& info() const noexcept;

    /// Opens the weights of a floating-point dataset, in row-major order. Valid as long as the
    /// reader. Throws Error(kInput) that names the dataset. Thread-safe.
    /// Contiguous: nothing is read yet. Blocks are read on demand, past the HDF5 library, by any
    /// number of threads.
    /// Chunked: decoded now, in parallel; gzip, shuffle and fletcher32 are undone here. Errors name
    /// the damaged chunk. With `kept_bytes`: decoded on demand instead, again for every pass. The
    /// chunks used last stay in memory up to that size, and always those in use.
    /// Others: read now, by the library.
    /// A file that is cut meanwhile makes such reads fail, or require_whole() after them.
    [[nodiscard]] Weights open_weights(const DatasetInfo& dataset,
                                       std::optional<std::uint64_t> kept_bytes = {}) const;

    /// Call it after the last read of the weights of `path` and before results are used. Throws
    /// Error(kInput) if the file was cut, changed or unreadable meanwhile. Thread-safe.
    void require_whole(const std::string& path) const;

    /// Reads the parts of a tensor of a palettized file. Its chunks are read on demand, valid as
    /// long as the reader. Throws Error(kInput) if something is missing or has the wrong shape or
    /// type; reading a chunk throws the same.
    [[nodiscard]] PalettizedTensor read_palettized(const std::string& path) const;

    /// Returns the shortest list of links for ReadOptions::dropped: a group goes as a whole where
    /// all that lies in it are these datasets. datasets: paths of hard links. Walks through all
    /// groups. Throws Error(kInput) for a damaged file.
    [[nodiscard]] std::set<std::string> topmost_links(const std::set<std::string>& datasets) const;

    /// The open file, for io/ alone.
    [[nodiscard]] Checkpoint& impl() const noexcept { return *impl_; }

  private:
    std::unique_ptr<Checkpoint> impl_;
};

}  // namespace pal
