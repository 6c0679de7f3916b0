#include "io/raw_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "stages/error.hpp"

namespace pal {

RawFile::RawFile(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw Error(ErrorCode::kInput, path + ": " + std::strerror(errno));
}

RawFile::~RawFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

RawFile::RawFile(RawFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

RawFile& RawFile::operator=(RawFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

std::uint64_t RawFile::size_bytes() const {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) throw Error(ErrorCode::kInput, std::strerror(errno));
    return static_cast<std::uint64_t>(status.st_size);
}

void RawFile::read(std::uint64_t offset, std::span<std::byte> bytes,
                   const std::string& name) const {
    while (!bytes.empty()) {
        const ssize_t count =
            pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            throw Error(ErrorCode::kInput, name + ": cannot be read: " + std::strerror(errno));
        }
        if (count == 0) {
            throw Error(ErrorCode::kInput, name + ": the file ends at byte " +
                                               std::to_string(offset) +
                                               "; it has been cut since it was opened");
        }
        offset += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

RawOutput::RawOutput(const std::string& path)
    : descriptor_(open(path.c_str(), O_WRONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw Error(ErrorCode::kOutput, path + ": " + std::strerror(errno));
}

RawOutput::~RawOutput() {
    if (descriptor_ >= 0) close(descriptor_);
}

RawOutput::RawOutput(RawOutput&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

RawOutput& RawOutput::operator=(RawOutput&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

int RawOutput::write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept {
    while (!bytes.empty()) {
        const ssize_t count =
            pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        offset += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return 0;
}

}  // namespace pal
