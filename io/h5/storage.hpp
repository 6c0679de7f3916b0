// Private to io/: how a dataset was stored, as a palettized group remembers it for an exact
// restore.
#pragma once

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// Everything but datatype, shape and data, as JSON: the keys that docs/format.md lists.
[[nodiscard]] std::string describe_storage(hid_t dataset, hid_t type, hid_t plist);
[[nodiscard]] std::string describe_storage(hid_t dataset);

/// Writes attributes palettized_storage_type (the file's datatype on a null dataspace) and
/// palettized_storage (describe_storage). plist: the dataset's creation properties.
void write_storage(hid_t dataset, hid_t plist, hid_t group);

/// Creates the dataset that `group` remembers, empty, without attributes. Throws Error(kInput) on
/// damaged attributes.
[[nodiscard]] Dataset create_from_storage(hid_t group, hid_t parent, const std::string& name,
                                          hid_t link_plist);

}  // namespace pal::h5
