// Reads checkpoints: the list of what is in one, and the weights of a tensor. Opens files read-only
// and without a lock that would need a writable file system. All HDF5 calls of the process go
// through one mutex; no function here may be called with that mutex held.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// What a file may make this process read beside itself: nothing, unless the user trusts it.
struct ReadOptions {
    /// Data in other files: external storage, virtual datasets, tensors of a palettized checkpoint.
    bool follow_external = false;
    bool allow_plugins = false;  // filters in libraries that HDF5 loads from HDF5_PLUGIN_PATH
};

class CheckpointReader {
  public:
    /// Opens and scans `path`. Whether plugins are loaded is a setting of the process; the reader
    /// that was opened last decides. Throws Error(kInput): missing, a folder, unreadable, empty,
    /// not HDF5 (says what it looks like: a zip, a Git-LFS pointer, netCDF-3, MATLAB v5),
    /// truncated.
    explicit CheckpointReader(const std::string& path, const ReadOptions& options = {});
    ~CheckpointReader();
    CheckpointReader(const CheckpointReader&) = delete;
    CheckpointReader& operator=(const CheckpointReader&) = delete;

    [[nodiscard]] const CheckpointInfo& info() const noexcept;

    /// The weights of a floating-point dataset in row-major order; double for f64, else float.
    /// Throws Error(kInput) that names the dataset. Thread-safe.
    [[nodiscard]] WeightValues read_weights(const DatasetInfo& dataset) const;

    /// The same without reading them yet, where they lie together in the file: blocks are read as
    /// they are asked for, by several threads at a time and past the HDF5 library. Chunked ones are
    /// decoded at once, in parallel, with gzip, shuffle and fletcher32 undone here; damaged chunks
    /// are named. Others are read at once by the library. Valid as long as the reader.
    /// A file that is cut meanwhile is an error of such reads or of require_whole() after them.
    /// kept_bytes: chunked ones are not decoded at once but again for every pass, chunk by chunk as
    /// blocks touch them; so much of what was decoded last is kept, at least what is in use.
    [[nodiscard]] Weights open_weights(const DatasetInfo& dataset,
                                       std::optional<std::uint64_t> kept_bytes = {}) const;

    /// To be called when all that was made of the weights of `path` is known, before it is used:
    /// throws Error(kInput) where the file was cut or could not be read meanwhile. Thread-safe.
    void require_whole(const std::string& path) const;

    /// The parts of a tensor of a palettized file. Its chunks are read as they are asked for, valid
    /// as long as the reader. Throws Error(kInput) where something is missing, of the wrong shape
    /// or type; so does reading a chunk.
    [[nodiscard]] PalettizedTensor read_palettized(const std::string& path) const;

    struct Impl;
    [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace pal
