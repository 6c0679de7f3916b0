#include "io/files/content_stamp.hpp"

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>

#include "io/files/regular_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::string content_stamp(const std::string& path) {
    const Descriptor file = open_regular(path, "an HDF5 file");
    const struct stat status = status_of(file, path);
    constexpr std::uint64_t kSamples = 64;
    std::array<std::byte, 4096> sample{};
    std::uint32_t checksum = 0;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    for (std::uint64_t s = 0; s < kSamples; ++s) {
        const auto at = static_cast<off_t>(size / kSamples * s);
        const ssize_t count = ::pread(file.get(), sample.data(), sample.size(), at);
        if (count < 0) throw Error(ErrorCode::kInput, path + ": " + std::strerror(errno));
        checksum = libdeflate_crc32(checksum, sample.data(), static_cast<std::size_t>(count));
    }
    return std::to_string(size) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec) + " " + std::to_string(checksum);
}

std::string inode_stamp(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        throw Error(ErrorCode::kInput, path + ": " + std::strerror(errno));
    return std::to_string(status.st_ino) + ":" + std::to_string(status.st_ctim.tv_sec) + "." +
           std::to_string(status.st_ctim.tv_nsec);
}

bool no_inode_changed(const std::string& before, const std::string& now) {
    std::istringstream old_stamps(before);
    std::istringstream new_stamps(now);
    std::string old_stamp;
    std::string new_stamp;
    while (old_stamps >> old_stamp && new_stamps >> new_stamp) {
        const bool is_same_inode =
            old_stamp.substr(0, old_stamp.find(':')) == new_stamp.substr(0, new_stamp.find(':'));
        if (is_same_inode && old_stamp != new_stamp) return false;
    }
    return true;
}

}  // namespace pal
