#include "io/write/copy/links.hpp"

namespace pal {

hid_t LinkProperties::with(H5T_cset_t character_set) {
    h5::Plist& plist = plists_[character_set];
    if (!plist) {
        plist = h5::create_plist(H5P_LINK_CREATE);
        h5::call("set a name's character set",
                 [&] { return H5Pset_char_encoding(plist.get(), character_set); });
    }
    return plist.get();
}

void copy_link(hid_t from, const h5::Link& link, const NewLink& to) {
    const std::string value = h5::link_value(from, link);
    if (link.type != H5L_TYPE_SOFT)
        return make_external_link(h5::external_target(value, link.name), to);
    h5::call("create link " + to.name, [&] {
        return H5Lcreate_soft(value.c_str(), to.group, to.name.c_str(), to.properties, H5P_DEFAULT);
    });
}

void make_external_link(const ExternalTarget& target, const NewLink& to) {
    h5::call("create link " + to.name, [&] {
        return H5Lcreate_external(target.file.c_str(), target.object.c_str(), to.group,
                                  to.name.c_str(), to.properties, H5P_DEFAULT);
    });
}

void make_hard_link(hid_t file, const std::string& existing, const NewLink& to) {
    h5::call("create hard link " + to.path, [&] {
        return H5Lcreate_hard(file, existing.c_str(), to.group, to.name.c_str(), to.properties,
                              H5P_DEFAULT);
    });
}

}  // namespace pal
