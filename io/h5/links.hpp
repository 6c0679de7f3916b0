// Links (H5L). All functions but is_found_by_name throw Failure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/h5/external_target.hpp"
#include "io/h5/handles.hpp"

namespace pal::h5 {

struct Link {
    std::string name;
    H5L_type_t type = H5L_TYPE_ERROR;
    haddr_t address = HADDR_UNDEF;              // hard links
    std::size_t value_bytes = 0;                // soft and external links
    H5T_cset_t character_set = H5T_CSET_ASCII;  // of the name
};

/// Callback of list_links.
inline herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* links) {
    return in_callback([&] {
        Link link;
        link.name = name;
        link.type = info->type;
        link.character_set = info->cset;
        if (info->type == H5L_TYPE_HARD) {
            link.address = info->u.address;
        } else {
            link.value_bytes = info->u.val_size;
        }
        static_cast<std::vector<Link>*>(links)->push_back(std::move(link));
    });
}

/// Lists the links of a group: in creation order if the group tracks it, else by name.
[[nodiscard]] inline std::vector<Link> list_links(hid_t group) {
    std::vector<Link> links;
    // Asking for creation order fails where it is not tracked.
    const bool ordered = succeeds([&] {
        return H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect_link, &links);
    });
    if (ordered) return links;
    links.clear();
    call("list the links of a group", [&] {
        return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_link, &links);
    });
    return links;
}

/// Returns true if looking up the link's name finds the same link. Listing links goes past the keys
/// by which names are found, so damaged keys do not show there.
[[nodiscard]] inline bool is_found_by_name(hid_t group, const Link& link) {
    H5L_info_t info{};
    return succeeds([&] { return H5Lget_info(group, link.name.c_str(), &info, H5P_DEFAULT); }) &&
           info.type == link.type && (link.type != H5L_TYPE_HARD || info.u.address == link.address);
}

/// Returns the stored value of a soft or external link, raw.
[[nodiscard]] inline std::string link_value(hid_t group, const Link& link) {
    std::string value(link.value_bytes, '\0');
    call("read link " + link.name, [&] {
        return H5Lget_val(group, link.name.c_str(), value.data(), value.size(), H5P_DEFAULT);
    });
    return value;
}

/// Decodes the stored value of an external link. path: of the link, for messages.
[[nodiscard]] inline ExternalTarget external_target(const std::string& value,
                                                    const std::string& path) {
    const char* file = nullptr;
    const char* object = nullptr;
    unsigned flags = 0;
    call("read link " + path,
         [&] { return H5Lunpack_elink_val(value.data(), value.size(), &flags, &file, &object); });
    return {file, object};
}

}  // namespace pal::h5
