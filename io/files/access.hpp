// Permissions of new files: nobody may read a file who may not read what it is made of.
#pragma once

#include <sys/stat.h>

#include <string>

namespace pal {

/// Permission bits of a file that is made of others.
class Access {
  public:
    /// Takes away what the regular file at `path` does not grant. Does nothing where there is none.
    void restrict_to(const std::string& path);

    /// Returns the bits for a file of that group, without those of the umask. Without any
    /// restriction only the owner may read and write.
    [[nodiscard]] mode_t mode(gid_t group) const;

  private:
    mode_t bits_ = 0;
    gid_t group_ = 0;  // the group that the bits of the group are for
    bool restricted_ = false;
};

/// Returns the umask of the process.
[[nodiscard]] mode_t current_umask() noexcept;

/// Lets files that are made meanwhile be this user's only. The umask is the whole process's.
class PrivateFiles {
  public:
    PrivateFiles() noexcept : before_(::umask(0077)) {}
    ~PrivateFiles() { ::umask(before_); }
    PrivateFiles(const PrivateFiles&) = delete;
    PrivateFiles& operator=(const PrivateFiles&) = delete;
    [[nodiscard]] mode_t before() const noexcept { return before_; }

  private:
    mode_t before_;
};

}  // namespace pal
