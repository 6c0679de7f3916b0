#include "io/files/file_signature.hpp"

#include <unistd.h>

#include <array>
#include <string_view>

#include "io/files/regular_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

bool begins_as_hdf5(const Descriptor& file) {
    constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
    for (off_t at = 0;; at = at == 0 ? 512 : 2 * at) {
        std::array<char, kSignature.size()> bytes{};
        if (::pread(file.get(), bytes.data(), bytes.size(), at) !=
            static_cast<ssize_t>(bytes.size())) {
            return false;
        }
        if (std::string_view(bytes.data(), bytes.size()) == kSignature) return true;
    }
}

bool begins_as_hdf5(const std::string& path) {
    try {
        return begins_as_hdf5(open_regular(path, "an HDF5 file"));
    } catch (const Error&) {
        return false;
    }
}

}  // namespace pal
