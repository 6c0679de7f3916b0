// Copies datasets and committed datatypes.
#pragma once

#include "io/h5/hdf5.hpp"
#include "io/write/copy/links.hpp"
#include "io/write/copy/rewrite_references.hpp"

namespace pal {

/// An object of the source, open, and the link that leads to it.
struct SourceObject {
    hid_t group = H5I_INVALID_HID;  // open group that has the link
    const h5::Link& link;
    hid_t id = H5I_INVALID_HID;
    H5O_info_t info;
};

/// Returns true if the fill value of a dataset refers to an object that has no copy yet.
[[nodiscard]] bool fill_has_to_wait(hid_t dataset, const CopiedObjects& copies);

/// Copies a dataset or a committed datatype with data, attributes and comment. Chunks are copied as
/// they are stored. `copies`: objects copied so far, for references in fill values. References in
/// data and attributes still lead into the source: see rewrite_references().
/// Throws Error(kInput) where variable-length data cannot be read.
void copy_dataset(const Checkpoint& source, const SourceObject& from, const NewLink& to,
                  const CopiedObjects& copies);

}  // namespace pal
