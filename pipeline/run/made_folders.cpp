#include "pipeline/run/made_folders.hpp"

#include <unistd.h>

#include <filesystem>

#include "io/files/temporary.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

MadeFolders::~MadeFolders() {
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
}

void MadeFolders::make(const std::string& folder, const std::string& top) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return;
    if (folder.size() > top.size()) make(folder_of(folder), top);
    const bool is_new = std::filesystem::create_directory(folder, error);
    if (error) throw Error(ErrorCode::kOutput, folder + ": cannot be made: " + error.message());
    if (is_new) made_.push_back(folder);  // otherwise another run has just made it
}

}  // namespace pal
