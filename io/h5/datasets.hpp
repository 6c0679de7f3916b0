// Datasets (H5D). All functions but storage_bytes and file_offset throw Failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/h5/handles.hpp"

namespace pal::h5 {

[[nodiscard]] inline Dataset open_dataset(hid_t file, const std::string& path) {
    return Dataset(
        call("open dataset " + path, [&] { return H5Dopen2(file, path.c_str(), H5P_DEFAULT); }));
}

[[nodiscard]] inline Type dataset_type(hid_t dataset) {
    return Type(call("read a datatype", [&] { return H5Dget_type(dataset); }));
}

[[nodiscard]] inline Space dataset_space(hid_t dataset) {
    return Space(call("read a dataspace", [&] { return H5Dget_space(dataset); }));
}

/// Returns the creation properties of a dataset.
[[nodiscard]] inline Plist dataset_plist(hid_t dataset) {
    return Plist(call("read creation properties", [&] { return H5Dget_create_plist(dataset); }));
}

/// Returns the bytes that a dataset's values take in its file; 0 if nothing was ever written.
[[nodiscard]] inline std::uint64_t storage_bytes(hid_t dataset) {
    hsize_t bytes = 0;
    succeeds([&] {
        bytes = H5Dget_storage_size(dataset);
        return 0;
    });
    return bytes;
}

/// Returns the offset of a contiguous dataset's bytes in the file, user block included. None if
/// nothing was ever written, or the bytes are elsewhere.
[[nodiscard]] inline std::optional<std::uint64_t> file_offset(hid_t dataset) {
    // Asked for an offset, HDF5 adds the user block to "none" as well.
    if (storage_bytes(dataset) == 0) return std::nullopt;
    haddr_t offset = HADDR_UNDEF;
    succeeds([&] {
        offset = H5Dget_offset(dataset);
        return 0;
    });
    if (offset == HADDR_UNDEF) return std::nullopt;
    return offset;
}

}  // namespace pal::h5
