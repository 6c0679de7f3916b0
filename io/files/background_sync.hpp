// Syncs a file to the disk while more of it is being written.
//
// Advice to the kernel (sync_file_range) is not enough. Virtual disks keep data in a cache of their
// own, which only a sync empties.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace pal {

/// Syncs in a thread of its own, which starts once 8 MiB have been written.
class BackgroundSync {
  public:
    explicit BackgroundSync(std::string path) : path_(std::move(path)) {}
    ~BackgroundSync() { stop(); }
    BackgroundSync(const BackgroundSync&) = delete;
    BackgroundSync& operator=(const BackgroundSync&) = delete;

    /// Tells that `bytes` more have been written to the file, which exists. Thread-safe. Never
    /// waits for the disk.
    void wrote(std::uint64_t bytes);

    /// Waits for the sync under way; starts none afterwards. Returns 0, or the errno of the first
    /// sync that failed. The kernel reports a failure only once, to the first sync after it.
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
