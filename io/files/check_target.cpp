#include "io/files/check_target.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/files/paths.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

void check_target(const std::string& source, const std::string& target, bool force) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kOutput, target + ": " + why);
    };
    if (target.empty()) throw Error(ErrorCode::kOutput, "the output's name is empty");
    struct stat from {};
    struct stat to {};
    const bool exists = ::stat(target.c_str(), &to) == 0;
    if (!exists && errno == ELOOP) refuse("is a link that leads to itself; remove it");
    if (exists && ::stat(source.c_str(), &from) == 0 && same_inode(from, to))
        refuse("is the input itself; choose another output");
    if (exists && S_ISDIR(to.st_mode)) refuse("is a folder; give the name of a file");
    if (exists && !S_ISREG(to.st_mode)) refuse("is not a regular file; choose another output");
    struct stat link {};
    if (!force && (exists || ::lstat(target.c_str(), &link) == 0)) {
        refuse("exists; pass --force to replace it");
    }
    const std::string folder = folder_of(target);
    struct stat parent {};
    if (::stat(folder.c_str(), &parent) != 0) {
        refuse("cannot use folder " + folder + ": " + std::strerror(errno));
    }
    if (!S_ISDIR(parent.st_mode)) refuse(folder + " is no folder");
    if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        refuse("folder " + folder + " is not writable: " + std::strerror(errno));
    }
}

}  // namespace pal
