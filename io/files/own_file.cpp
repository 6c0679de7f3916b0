#include "io/files/own_file.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "io/files/paths.hpp"
#include "io/guard/limits.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

Descriptor open_own_file(const std::string& target, const std::string& path, int flags) {
    const auto refuse = [&](const std::string& what) {
        throw Error(ErrorCode::kOutput,
                    target + ": " + path + ": " + what + ", and not of a run of yours; remove it");
    };
    Descriptor file(path, flags | O_NOFOLLOW | O_NONBLOCK);
    if (!file.is_open()) {
        if (errno == ELOOP) refuse("is a link");
        if (errno != ENOENT && limit_advice(errno) != nullptr)
            throw system_error(ErrorCode::kOutput, target + ": cannot open " + path, errno);
        if (errno != ENOENT) refuse(std::strerror(errno));
        return file;
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) refuse(std::strerror(errno));
    if (S_ISDIR(status.st_mode)) refuse("is a directory");
    if (!S_ISREG(status.st_mode)) refuse("is no regular file");
    if (status.st_nlink > 1) refuse("has several names");
    if (status.st_uid != ::geteuid()) refuse("belongs to another user");
    return file;
}

Descriptor lock_own_file(const std::string& target, const std::string& path, bool create,
                         std::chrono::milliseconds patience) {
    constexpr std::chrono::milliseconds kStep{10};
    for (;;) {
        Descriptor file;
        if (create) file = Descriptor(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (!create || (!file.is_open() && errno == EEXIST)) {
            file = open_own_file(target, path, O_RDWR);
            if (!file.is_open()) {
                if (!create) return file;
                continue;  // another run finished in between
            }
        }
        if (!file.is_open())
            throw system_error(ErrorCode::kOutput, target + ": cannot create a file beside it",
                               errno);
        // Other errors: file systems without locks, on which nobody has one.
        const bool is_locked = ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        struct stat opened {};
        struct stat there {};
        const bool still_there = ::lstat(path.c_str(), &there) == 0;
        if (::fstat(file.get(), &opened) != 0 || !still_there || !same_inode(opened, there))
            continue;  // another run finished in between
        if (!is_locked) return file;
        if (patience < kStep)
            throw Error(ErrorCode::kOutput, target + ": another run is making it");
        patience -= kStep;
        std::this_thread::sleep_for(kStep);
    }
}

}  // namespace pal
