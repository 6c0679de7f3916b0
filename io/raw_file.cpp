#include "io/raw_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "stages/error.hpp"

namespace pal {

RawFile::RawFile(const std::string& path) : file_(path, O_RDONLY) {
    if (!file_.is_open()) throw Error(ErrorCode::kInput, path + ": " + std::strerror(errno));
    opened_bytes_ = size_bytes();
    mapped_ = std::make_unique<MappedFile>(file_.get(), opened_bytes_);
}

std::uint64_t RawFile::size_bytes() const {
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) throw Error(ErrorCode::kInput, std::strerror(errno));
    return static_cast<std::uint64_t>(status.st_size);
}

void RawFile::read(std::uint64_t offset, std::span<std::byte> bytes,
                   const std::string& name) const {
    while (!bytes.empty()) {
        const ssize_t count =
            pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
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

void RawFile::require_whole() const {
    const std::uint64_t bytes = size_bytes();
    if (bytes < opened_bytes_) {
        throw Error(ErrorCode::kInput, "the file has " + std::to_string(bytes) + " bytes, it had " +
                                           std::to_string(opened_bytes_) +
                                           "; it has been cut since it was opened");
    }
    if (!mapped_->is_whole()) throw Error(ErrorCode::kInput, "cannot be read: I/O error");
}

RawOutput::RawOutput(const std::string& path) : file_(path, O_WRONLY) {
    if (!file_.is_open()) throw Error(ErrorCode::kOutput, path + ": " + std::strerror(errno));
}

int RawOutput::write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept {
    while (!bytes.empty()) {
        const ssize_t count =
            pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        offset += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return 0;
}

}  // namespace pal
