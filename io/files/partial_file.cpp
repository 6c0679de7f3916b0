#include "io/files/partial_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "io/files/own_file.hpp"
#include "io/files/paths.hpp"
#include "io/guard/last_wish.hpp"
#include "io/guard/limits.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

[[noreturn]] void fail(const std::string& target, const std::string& what, int error) {
    throw system_error(ErrorCode::kOutput, target + ": cannot " + what, error);
}

constexpr mode_t kPrivate = 0600;  // of a file that grows
// How long another run may take to write and publish a file of the same name, mostly a report.
constexpr std::chrono::seconds kPatience{10};

int rename_over(const std::string& from, const std::string& to) {
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

/// Renames without replacing. Uses a hard link where the file system cannot do that.
int rename_new(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    if (::link(from.c_str(), to.c_str()) != 0) return errno;
    ::unlink(from.c_str());
    return 0;
}

}  // namespace

PartialFile::PartialFile(std::string target, bool force, std::string path)
    : target_(std::move(target)), path_(std::move(path)), force_(force) {
    own_ = path_.empty();
    if (own_) {
        path_ = beside(target_, "part");
    } else {
        set_doomed_file(path_);
    }
    background_ = std::make_unique<BackgroundSync>(path_);
}

PartialFile::~PartialFile() {
    background_.reset();
    if (own_ && file_.is_open() && !published_) ::unlink(path_.c_str());
    clear_doomed_file(path_);
}

void PartialFile::require_room(std::uint64_t bytes) const {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        throw system_error(ErrorCode::kOutput, target_ + ": cannot be made", errno);
    }
    const int error = bytes == 0 ? 0 : ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    ::close(file);
    ::unlink(path_.c_str());
    if (error != 0 && error != EOPNOTSUPP && error != EINVAL) {
        throw system_error(
            ErrorCode::kOutput,
            target_ + ": no room for the " + std::to_string(bytes) + " bytes that are copied",
            error);
    }
}

void PartialFile::create(const std::string& bytes) {
    struct stat left {};
    // A killed run without RENAME_NOREPLACE may have left a second name of what it published.
    if (::lstat(path_.c_str(), &left) == 0 && S_ISREG(left.st_mode) && left.st_nlink > 1)
        ::unlink(path_.c_str());
    file_ = lock_own_file(target_, path_, true, kPatience);
    if (own_) set_doomed_file(path_);
    is_text_ = true;
    if (::ftruncate(file_.get(), 0) != 0 || ::fchmod(file_.get(), kPrivate) != 0)
        fail(target_, "write", errno);
    if (const int error = write_all(file_.get(), bytes); error != 0) fail(target_, "write", error);
}

void PartialFile::created(int descriptor) {
    file_ = Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (!file_.is_open()) fail(target_, "create a file beside it", errno);
    if (own_) set_doomed_file(path_);
}

void PartialFile::copy_head(const std::string& source, std::uint64_t bytes) const {
    if (bytes == 0) return;
    const Descriptor from(source, O_RDONLY);
    const Descriptor to(path_, O_WRONLY);
    if (from.get() < 0 || to.get() < 0) fail(target_, "copy the user block", errno);
    std::vector<char> buffer(1 << 16);
    std::uint64_t done = 0;
    while (done < bytes) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), bytes - done);
        const ssize_t count = ::pread(from.get(), buffer.data(), wanted, static_cast<off_t>(done));
        if (count <= 0) fail(target_, "read the user block", count < 0 ? errno : EIO);
        const ssize_t written = ::pwrite(to.get(), buffer.data(), static_cast<std::size_t>(count),
                                         static_cast<off_t>(done));
        if (written <= 0) fail(target_, "write the user block", written < 0 ? errno : EIO);
        done += static_cast<std::uint64_t>(written);
    }
}

void PartialFile::wrote(std::uint64_t bytes) { background_->wrote(bytes); }

std::uint64_t PartialFile::sync() {
    if (const int error = background_->stop(); error != 0)
        fail(target_, "write to the disk", error);
    const Descriptor file(path_, O_RDONLY);
    struct stat status {};
    if (file.get() < 0 || ::fsync(file.get()) != 0 || ::fstat(file.get(), &status) != 0)
        fail(target_, "write to the disk", errno);
    synced_ = true;
    return static_cast<std::uint64_t>(status.st_size);
}

void PartialFile::require_own_file() const {
    struct stat own {};
    struct stat there {};
    if (::fstat(file_.get(), &own) != 0) fail(target_, "look at the file beside it", errno);
    if (::lstat(path_.c_str(), &there) == 0 && same_inode(own, there)) return;
    throw Error(ErrorCode::kOutput, target_ + ": " + path_ +
                                        " was removed or replaced by another program while it "
                                        "was written");
}

void PartialFile::set_mode() const {
    Access access = access_;
    struct stat own {};
    if (::fstat(file_.get(), &own) != 0) return;
    if (force_) access.restrict_to(target_);
    const mode_t mode = access.mode(own.st_gid);
    // Where this fails the file stays as it is: for the owner only, or on a file system without
    // modes.
    (void)::fchmod(file_.get(), is_text_ ? mode & 0666 : mode);
}

bool PartialFile::is_in_place() const noexcept {
    struct stat own {};
    struct stat there {};
    return published_ && ::fstat(file_.get(), &own) == 0 && ::lstat(target_.c_str(), &there) == 0 &&
           same_inode(own, there);
}

void PartialFile::publish() {
    if (!synced_) sync();
    require_own_file();
    set_mode();
    if (const int error = force_ ? rename_over(path_, target_) : rename_new(path_, target_);
        error != 0) {
        (void)::fchmod(file_.get(), kPrivate);  // it may stay for --resume
        if (!force_ && error == EEXIST) {
            throw Error(ErrorCode::kOutput,
                        target_ + ": appeared meanwhile; pass --force to replace it");
        }
        fail(target_, "rename into place", error);
    }
    published_ = true;
    clear_doomed_file(path_);
    const Descriptor folder(folder_of(target_), O_RDONLY | O_DIRECTORY);
    if (folder.get() >= 0)
        ::fsync(folder.get());  // some file systems cannot; the file itself is safe
}

}  // namespace pal
