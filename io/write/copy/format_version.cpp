#include "io/write/copy/format_version.hpp"

#include <algorithm>

namespace pal {

H5F_libver_t lowest_version(hid_t file) {
    H5F_info2_t info{};
    h5::call("read file information", [&] { return H5Fget_info2(file, &info); });
    const unsigned superblock = info.super.version;
    return superblock < 2    ? H5F_LIBVER_EARLIEST
           : superblock == 2 ? H5F_LIBVER_V18
                             : H5F_LIBVER_V110;
}

FormatVersion::FormatVersion(hid_t source, hid_t copy)
    : copy_(copy), lowest_(lowest_version(source)), current_(lowest_) {}

void FormatVersion::follow(hid_t object) {
    use(h5::object_info(object).hdr.version >= 2 ? std::max(lowest_, H5F_LIBVER_V18) : lowest_);
}

void FormatVersion::reset() { use(lowest_); }

void FormatVersion::use(H5F_libver_t version) {
    if (version == current_) return;
    h5::call("set the format version",
             [&] { return H5Fset_libver_bounds(copy_, version, H5F_LIBVER_LATEST); });
    current_ = version;
}

}  // namespace pal
