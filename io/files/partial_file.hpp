// A file that appears under its name whole or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/files/access.hpp"
#include "io/files/background_sync.hpp"
#include "io/files/descriptor.hpp"

namespace pal {

/// A file that grows under a hidden name beside its target. Meanwhile only its owner may read it.
class PartialFile {
  public:
    /// Takes `path` as its name, or the one beside `target` that ends in "part". Creates no file:
    /// call create(), or create it exclusively and call created(). force: publish() may replace a
    /// file.
    PartialFile(std::string target, bool force, std::string path = {});
    ~PartialFile();  // removes the file unless published, or `path` was given
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Takes space for `bytes` and gives it back, to ask the disk, the quota and the limits of this
    /// process for it. Throws Error(kOutput) where they have not. Call it before
    /// the file is created. HDF5 1.10.8 crashes where a write fails inside H5Ocopy.
    void require_room(std::uint64_t bytes) const;

    /// Copies the first `bytes` bytes of the file `source` over those of this one.
    void copy_head(const std::string& source, std::uint64_t bytes) const;
    /// Creates the file with these bytes. Takes the place of what a killed run left. Throws
    /// Error(kOutput), also where another process writes a file of this name.
    void create(const std::string& bytes);
    /// Tells that the caller has created the file and has it open as `descriptor`, which stays the
    /// caller's. Throws Error(kOutput).
    void created(int descriptor);
    /// Tells that the file is made of the one at `source`: publish() grants nobody more than that.
    void is_made_of(const std::string& source) { access_.restrict_to(source); }
    /// Tells that `bytes` more have been written. They go to the disk in the background.
    /// Thread-safe.
    void wrote(std::uint64_t bytes);
    /// Waits until every byte is on the disk. Returns the size of the file. Throws Error(kOutput).
    std::uint64_t sync();
    /// Calls sync() unless that is done, renames the file to the target and syncs the folder. Its
    /// permissions are those that all its sources and the file that it replaces have, less the
    /// umask; without a source only the owner's.
    /// Throws Error(kOutput), also where the target exists and not `force`, or another program has
    /// replaced the partial file.
    void publish();
    /// Tells whether the file at the target is the one that was published.
    [[nodiscard]] bool is_in_place() const noexcept;

  private:
    void require_own_file() const;
    void set_mode() const;

    std::string target_;
    std::string path_;
    bool force_;
    Access access_;
    bool is_text_ = false;  // from create(): no program
    Descriptor file_;       // once created: tells the file from another one of its name
    bool synced_ = false;
    bool published_ = false;
    bool own_ = false;                            // no `path` was given
    std::unique_ptr<BackgroundSync> background_;  // once there is a path
};

}  // namespace pal
