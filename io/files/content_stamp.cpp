#include "io/files/content_stamp.hpp"

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

}  // namespace pal
