// An open file that closes itself.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

namespace pal {

class Descriptor {
  public:
    Descriptor() = default;
    /// Opens a file. Where that fails is_open() is false and errno tells why.
    Descriptor(const std::string& path, int flags, mode_t mode = 0)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    /// Takes over an open descriptor.
    explicit Descriptor(int open_fd) : fd_(open_fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_ = -1;
};

/// Writes all bytes at the current position of the file. Returns 0, or errno.
[[nodiscard]] int write_all(int descriptor, std::string_view bytes) noexcept;

}  // namespace pal
