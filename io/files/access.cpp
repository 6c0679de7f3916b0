#include "io/files/access.hpp"

#include <sys/xattr.h>

namespace pal {

namespace {

constexpr mode_t kAll = 0777;
constexpr mode_t kOwner = 0700;
constexpr mode_t kOthers = 0007;

/// Gives the group no more than the others.
mode_t without_group(mode_t bits) { return bits & (kOwner | kOthers | ((bits & kOthers) << 3)); }

/// Returns what a file grants. With an access list the bits of the group are a bound on the list.
mode_t granted(const std::string& path, const struct stat& status) {
    const mode_t bits = status.st_mode & kAll;
    const bool has_list = ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
    return has_list ? without_group(bits) : bits;
}

}  // namespace

void Access::restrict_to(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    mode_t bits = granted(path, status);
    if (!restricted_) {
        restricted_ = true;
        bits_ = bits;
        group_ = status.st_gid;
        return;
    }
    if (group_ != status.st_gid) {
        bits = without_group(bits);
        bits_ = without_group(bits_);
    }
    bits_ &= bits;
}

mode_t Access::mode(gid_t group) const {
    if (!restricted_) return 0600;
    return (group == group_ ? bits_ : without_group(bits_)) & ~current_umask();
}

mode_t current_umask() noexcept { return PrivateFiles().before(); }

}  // namespace pal
