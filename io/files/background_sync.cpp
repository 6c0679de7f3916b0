#include "io/files/background_sync.hpp"

#include <unistd.h>

#include <cerrno>

#include "io/files/descriptor.hpp"

namespace pal {

namespace {

constexpr std::uint64_t kWorthSending = std::uint64_t{8} << 20;

}  // namespace

void BackgroundSync::wrote(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    unsent_bytes_ += bytes;
    if (unsent_bytes_ < kWorthSending || stopping_) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_one();
}

int BackgroundSync::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    return error_;
}

void BackgroundSync::run() {
    const Descriptor file(path_, O_RDONLY);
    std::unique_lock lock(mutex_);
    if (!file.is_open()) error_ = errno;
    while (error_ == 0) {
        changed_.wait(lock, [this] { return stopping_ || unsent_bytes_ >= kWorthSending; });
        if (unsent_bytes_ < kWorthSending) break;
        unsent_bytes_ = 0;
        lock.unlock();
        const int error = ::fdatasync(file.get()) == 0 ? 0 : errno;
        lock.lock();
        error_ = error;
    }
}

}  // namespace pal
