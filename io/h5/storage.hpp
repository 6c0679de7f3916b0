// Records how a dataset was stored, in its palettized group, for an exact restore.
#pragma once

#include <cstdint>

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// Describes everything but datatype, shape and data as JSON, by the keys of docs/format.md. plist:
/// the dataset's creation properties. Throws Failure.
[[nodiscard]] std::string describe_storage(hid_t dataset, hid_t type, hid_t plist);
[[nodiscard]] std::string describe_storage(hid_t dataset);

/// Writes the group's attributes palettized_storage_type (the dataset's type on a null dataspace)
/// and palettized_storage (describe_storage). plist: the dataset's creation properties.
void write_storage(hid_t dataset, hid_t plist, hid_t group);

/// Creates the dataset that `group` records, empty, without attributes. Throws Error(kInput) if the
/// attributes are damaged.
[[nodiscard]] Dataset create_from_storage(hid_t group, hid_t parent, const std::string& name,
                                          hid_t link_plist);

/// Size of what create_from_storage() makes, with its values.
struct RestoredSize {
    std::uint64_t bytes = 0;  // before filters, edge chunks whole; the largest number: any more
    bool filtered = false;    // it may take less
};
/// Throws as create_from_storage().
[[nodiscard]] RestoredSize restored_size(hid_t group);

}  // namespace pal::h5
