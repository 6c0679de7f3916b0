#include "io/files/file_signature.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "io/files/descriptor.hpp"

namespace pal {

bool begins_as_hdf5(const std::string& path) {
    constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
    struct stat status {};
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    for (off_t at = 0; at < status.st_size; at = at == 0 ? 512 : 2 * at) {
        std::array<char, kSignature.size()> bytes{};
        if (::pread(file.get(), bytes.data(), bytes.size(), at) !=
            static_cast<ssize_t>(bytes.size())) {
            return false;
        }
        if (std::string_view(bytes.data(), bytes.size()) == kSignature) return true;
    }
    return false;
}

}  // namespace pal
