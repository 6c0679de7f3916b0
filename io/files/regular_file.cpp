#include "io/files/regular_file.hpp"

#include <cerrno>

#include "io/guard/limits.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

[[noreturn]] void refuse_file(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::kInput, path + ": " + why);
}

void require_regular(const struct stat& status, const std::string& path,
                     const std::string& wanted) {
    if (S_ISDIR(status.st_mode)) refuse_file(path, "is a folder; pass " + wanted);
    if (!S_ISREG(status.st_mode)) refuse_file(path, "is not a regular file; pass " + wanted);
}

[[noreturn]] void refuse_by_errno(const std::string& path, int error) {
    if (error == ENOENT) refuse_file(path, "no such file; check the path");
    if (error == EACCES)
        refuse_file(path, "permission denied; make the file and its folders readable");
    throw system_error(ErrorCode::kInput, path + ": cannot open", error);
}

}  // namespace

Descriptor open_regular(const std::string& path, const std::string& wanted) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) refuse_by_errno(path, errno);
    require_regular(status, path, wanted);  // to open a device may do something
    Descriptor file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file.is_open()) refuse_by_errno(path, errno);
    require_regular(status_of(file, path), path, wanted);
    return file;
}

bool may_block(const std::filesystem::path& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
           !S_ISDIR(status.st_mode);
}

struct stat status_of(const Descriptor& file, const std::string& path) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) refuse_by_errno(path, errno);
    return status;
}

}  // namespace pal
