// Objects of any kind (H5O, H5I) and groups (H5G). All functions throw Failure.
#pragma once

#include <string>

#include "io/h5/handles.hpp"

namespace pal::h5 {

[[nodiscard]] inline Object open_object(hid_t file, const std::string& path) {
    return Object(call("open " + path, [&] { return H5Oopen(file, path.c_str(), H5P_DEFAULT); }));
}

/// Opens the object at the address that a hard link has; the caller knows its Kind. Looks up no
/// names, which takes long in a group with many. path: for messages.
template <class Kind>
[[nodiscard]] Kind open_at(hid_t file, haddr_t address, const std::string& path) {
    return Kind(call("open " + path, [&] { return H5Oopen_by_addr(file, address); }));
}

[[nodiscard]] inline Group open_group(hid_t file, const std::string& path) {
    return Group(
        call("open group " + path, [&] { return H5Gopen2(file, path.c_str(), H5P_DEFAULT); }));
}

[[nodiscard]] inline H5I_type_t kind_of(hid_t object) {
    return call("read the kind of an object", [&] { return H5Iget_type(object); });
}
[[nodiscard]] inline bool is_group(hid_t object) { return kind_of(object) == H5I_GROUP; }
[[nodiscard]] inline bool is_dataset(hid_t object) { return kind_of(object) == H5I_DATASET; }
[[nodiscard]] inline bool is_datatype(hid_t object) { return kind_of(object) == H5I_DATATYPE; }

[[nodiscard]] inline H5O_info_t object_info(hid_t object) {
    H5O_info_t info{};
    call("read object information",
         [&] { return H5Oget_info2(object, &info, H5O_INFO_BASIC | H5O_INFO_HDR); });
    return info;
}

/// Returns the order of attributes that an object keeps, as H5Pget_attr_creation_order does.
[[nodiscard]] inline unsigned attribute_order(const H5O_info_t& info) {
    constexpr unsigned kShift = 2;
    constexpr unsigned kMask = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    return info.hdr.version < 2 ? 0 : info.hdr.flags >> kShift & kMask;
}

/// Returns the comment of an object; empty if it has none.
[[nodiscard]] inline std::string object_comment(hid_t object) {
    const auto length = call("read a comment", [&] { return H5Oget_comment(object, nullptr, 0); });
    std::string text(static_cast<std::size_t>(length), '\0');
    if (length > 0) {
        call("read a comment",
             [&] { return H5Oget_comment(object, text.data(), text.size() + 1); });
    }
    return text;
}

}  // namespace pal::h5
