#include "io/files/raw_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/files/regular_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

bool is_same(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

RawFile::RawFile(const std::string& path) : file_(open_regular(path, "an HDF5 file")) {
    opened_ = state();
    mapped_ = std::make_unique<MappedFile>(file_.get(), opened_.bytes);
}

RawFile::State RawFile::state() const {
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) throw Error(ErrorCode::kInput, std::strerror(errno));
    return {static_cast<std::uint64_t>(status.st_size), status.st_mtim, status.st_ctim};
}

std::uint64_t RawFile::size_bytes() const { return state().bytes; }

void RawFile::read(std::uint64_t offset, std::span<std::byte> bytes,
                   const std::string& name) const {
    while (!bytes.empty()) {
        const ssize_t count =
            pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            throw system_error(ErrorCode::kInput, name + ": cannot be read", errno);
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
    const State now = state();
    if (now.bytes < opened_.bytes) {
        throw Error(ErrorCode::kInput, "the file has " + std::to_string(now.bytes) +
                                           " bytes, it had " + std::to_string(opened_.bytes) +
                                           "; it has been cut since it was opened");
    }
    if (!is_same(now.written, opened_.written) || !is_same(now.changed, opened_.changed)) {
        throw Error(ErrorCode::kInput,
                    "the file has changed since it was opened (written to, or given another name "
                    "or mode); what was read may be of before or after");
    }
    if (!mapped_->is_whole()) throw Error(ErrorCode::kInput, "cannot be read: I/O error");
}

RawOutput::RawOutput(const std::string& path) : file_(path, O_WRONLY) {
    if (!file_.is_open()) throw system_error(ErrorCode::kOutput, path, errno);
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
