// Private to io/: a file goes to the disk while more of it is being written. Advice to the kernel
// (sync_file_range) does not do: virtual disks keep what they are sent in a cache of their own,
// which only a sync empties.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace pal {

/// One thread, which does nothing but wait for the disk; there is none before it is worth one.
class BackgroundSync {
  public:
    explicit BackgroundSync(std::string path) : path_(std::move(path)) {}
    ~BackgroundSync() { stop(); }
    BackgroundSync(const BackgroundSync&) = delete;
    BackgroundSync& operator=(const BackgroundSync&) = delete;

    /// Says that `bytes` more have been written to the file, which is there. Thread-safe; never
    /// waits for the disk.
    void wrote(std::uint64_t bytes);

    /// Waits for the sync under way, if any; there are none afterwards. 0, or the errno of the
    /// first one that failed: the kernel reports a failure once, to whoever asks first.
    int stop();

  private:
    void run();

    std::string path_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t unsent_bytes_ = 0;
    bool stopping_ = false;
    int error_ = 0;
    std::thread thread_;
};

}  // namespace pal
