#include "io/files/paths.hpp"

#include <libdeflate.h>

#include <exception>
#include <filesystem>

namespace pal {

namespace {

namespace fs = std::filesystem;

}  // namespace

std::string folder_of(const std::string& path) {
    const auto folder = fs::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

std::string beside(const std::string& target, const std::string& suffix) {
    // Names may have 255 bytes: a target that fits must not fail for the name beside it.
    constexpr std::size_t kMostNameBytes = 190;
    std::string name = fs::path(target).filename().string();
    if (name.size() > kMostNameBytes) {
        const std::string whole = name;
        name.resize(kMostNameBytes);
        name += "-" + std::to_string(libdeflate_crc32(0, whole.data(), whole.size()));
    }
    return folder_of(target) + "/." + name + ".h5palettize-" + suffix;
}

std::string behind_links(const std::string& path) {
    constexpr int kMostLinks = 40;  // as the kernel has it
    std::error_code error;
    fs::path at = path;
    for (int links = 0; fs::is_symlink(fs::symlink_status(at, error)); ++links) {
        const fs::path next = fs::read_symlink(at, error);
        if (error || links == kMostLinks) return path;
        at = at.parent_path() / next;  // or `next`, where that is absolute
    }
    if (at == fs::path(path)) return path;
    const fs::path folder = fs::canonical(folder_of(at.string()), error);
    return error ? at.string() : (folder / at.filename()).string();
}

bool same_file(const std::string& a, const std::string& b) noexcept {
    struct stat first {};
    struct stat second {};
    const bool first_exists = ::stat(a.c_str(), &first) == 0;
    const bool second_exists = ::stat(b.c_str(), &second) == 0;
    if (first_exists != second_exists) return false;
    if (first_exists) return same_inode(first, second);
    try {
        const auto place = [](const std::string& path) {
            return fs::weakly_canonical(fs::absolute(behind_links(path)));
        };
        return place(a) == place(b);
    } catch (const std::exception&) {
        return a == b;
    }
}

bool same_inode(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace pal
