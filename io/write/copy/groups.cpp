#include "io/write/copy/groups.hpp"

#include <algorithm>

namespace pal {

h5::Group make_group(const NewLink& to, hid_t properties) {
    h5::call("set time tracking", [&] { return H5Pset_obj_track_times(properties, false); });
    return h5::Group(h5::call("create group " + to.name, [&] {
        return H5Gcreate2(to.group, to.name.c_str(), to.properties, properties, H5P_DEFAULT);
    }));
}

hid_t GroupProperties::like(hid_t group) {
    // The list that H5Gget_create_plist returns also says where the group's links lie in its own
    // file. A group made from it would look for them there, so settings are copied one by one.
    const h5::Plist own(
        h5::call("read group properties", [&] { return H5Gget_create_plist(group); }));
    Settings settings{};
    h5::call("read group properties", [&] {
        return std::min({H5Pget_link_creation_order(own.get(), &settings[0]),
                         H5Pget_attr_creation_order(own.get(), &settings[1]),
                         H5Pget_link_phase_change(own.get(), &settings[2], &settings[3]),
                         H5Pget_attr_phase_change(own.get(), &settings[4], &settings[5])});
    });
    h5::Plist& plist = plists_[settings];
    if (plist) return plist.get();
    plist = h5::create_plist(H5P_GROUP_CREATE);
    h5::call("copy group properties", [&, id = plist.get()] {
        return std::min({H5Pset_link_creation_order(id, settings[0]),
                         H5Pset_attr_creation_order(id, settings[1]),
                         H5Pset_link_phase_change(id, settings[2], settings[3]),
                         H5Pset_attr_phase_change(id, settings[4], settings[5])});
    });
    return plist.get();
}

}  // namespace pal
