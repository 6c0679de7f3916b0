#include "io/write/copy/format_version.hpp"

#include <algorithm>

namespace pal {

H5F_libver_t lowest_version(hid_t file) {
    return lowest_version(h5::file_info(file).super.version);
}

H5F_libver_t lowest_version(unsigned superblock) noexcept {
    return superblock < 2    ? H5F_LIBVER_EARLIEST
           : superblock == 2 ? H5F_LIBVER_V18
                             : H5F_LIBVER_V110;
}

H5F_libver_t version_for(FormatForm form) noexcept {
    const H5F_libver_t lowest = lowest_version(form.superblock);
    return form.header >= 2 ? std::max(lowest, H5F_LIBVER_V18) : lowest;
}

FormatVersion::FormatVersion(hid_t source, hid_t copy)
    : copy_(copy),
      superblock_(h5::file_info(source).super.version),
      current_(lowest_version(superblock_)) {}

void FormatVersion::follow(hid_t object) {
    use(version_for({superblock_, h5::object_info(object).hdr.version}));
}

void FormatVersion::reset() { use(lowest_version(superblock_)); }

void FormatVersion::use(H5F_libver_t version) {
    if (version == current_) return;
    h5::call("set the format version",
             [&] { return H5Fset_libver_bounds(copy_, version, H5F_LIBVER_LATEST); });
    current_ = version;
}

}  // namespace pal
