// A file that appears under its name whole or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/files/background_sync.hpp"
#include "io/files/descriptor.hpp"

namespace pal {

class PartialFile {
  public:
    /// Takes `path`, or picks a name beside `target`; the caller creates the file, exclusively.
    PartialFile(std::string target, bool force, std::string path = {});
    ~PartialFile();  // removes the file unless published, or `path` was given
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Finds out whether the disk, the quota and the limits of this process leave room for `bytes`,
    /// by taking and giving back the space. Throws Error(kOutput). HDF5 1.10.8 crashes where a
    /// write fails inside H5Ocopy, so this comes before it.
    void require_room(std::uint64_t bytes) const;

    /// Copies the first `bytes` bytes of `source` over those of the temporary.
    void copy_head(const std::string& source, std::uint64_t bytes) const;
    /// Creates the file with these bytes. Throws Error(kOutput).
    void create(const std::string& bytes);
    /// The caller created the file and has it open as this descriptor, which stays the caller's.
    /// Throws Error(kOutput).
    void created(int descriptor);
    /// Says that `bytes` more have been written. They go to the disk while the next tensor is
    /// worked on: sync waits for what is left. Thread-safe.
    void wrote(std::uint64_t bytes);
    /// Every byte is on the disk afterwards; returns how many they are. Throws Error(kOutput).
    std::uint64_t sync();
    /// sync unless done, rename over the target (never replacing one unless `force`), fsync of the
    /// folder. Throws Error(kOutput), also where what lies under the temporary's name is not the
    /// file that was created.
    void publish();
    /// Whether what lies at the target is what was published.
    [[nodiscard]] bool is_in_place() const noexcept;

  private:
    void require_own_file() const;

    std::string target_;
    std::string path_;
    bool force_;
    Descriptor file_;  // once it was created: tells it from another one under its name
    bool synced_ = false;
    bool published_ = false;
    bool own_ = false;                            // its name was picked here
    std::unique_ptr<BackgroundSync> background_;  // once there is a path
};

}  // namespace pal
