// Chooses the version of the file format that each object of a copy gets.
#pragma once

#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint_info.hpp"

namespace pal {

/// Returns the lowest version that objects of the open file have, by its superblock.
[[nodiscard]] H5F_libver_t lowest_version(hid_t file);
[[nodiscard]] H5F_libver_t lowest_version(unsigned superblock) noexcept;
/// Returns the lowest version for an object with a header of that version.
[[nodiscard]] H5F_libver_t version_for(FormatForm form) noexcept;

/// Sets the format version of the objects that are created next in a copy.
class FormatVersion {
  public:
    /// Both files are open and outlive this object.
    FormatVersion(hid_t source, hid_t copy);

    /// The next object gets a header of the same version as `object` of the source. Attributes
    /// beyond 64 KiB need version 2 even in old files.
    void follow(hid_t object);

    /// Goes back to the lowest version of the source.
    void reset();

  private:
    void use(H5F_libver_t version);

    hid_t copy_;
    unsigned superblock_;
    H5F_libver_t current_;
};

}  // namespace pal
