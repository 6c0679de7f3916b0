// Folders that a run makes for its outputs. Those that stay empty are removed again.
#pragma once

#include <string>
#include <vector>

namespace pal {

class MadeFolders {
  public:
    MadeFolders() = default;
    ~MadeFolders();
    MadeFolders(const MadeFolders&) = delete;
    MadeFolders& operator=(const MadeFolders&) = delete;

    /// Makes `folder` and those above it, up to `top`. Throws Error(kOutput).
    void make(const std::string& folder, const std::string& top);

  private:
    std::vector<std::string> made_;
};

}  // namespace pal
