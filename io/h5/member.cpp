#include "io/h5/member.hpp"

#include <algorithm>
#include <utility>

namespace pal {

h5::Plist new_member_plist() {
    h5::Plist plist = h5::create_plist(H5P_DATASET_CREATE);
    h5::call("set dataset properties", [&] {
        return std::min(H5Pset_obj_track_times(plist.get(), false),
                        H5Pset_dset_no_attrs_hint(plist.get(), true));
    });
    return plist;
}

hid_t member_plist_for(std::size_t bytes) {
    static const h5::Plist* const plain =
        new h5::Plist(new_member_plist());  // never closed, as the lock
    static const h5::Plist* const compact = [] {
        h5::Plist plist = new_member_plist();
        h5::call("set a layout", [&] { return H5Pset_layout(plist.get(), H5D_COMPACT); });
        return new h5::Plist(std::move(plist));
    }();
    return (bytes <= kMostCompactBytes ? compact : plain)->get();
}

h5::Dataset create_member(hid_t group, const std::string& name, hid_t type, const Shape& shape,
                          hid_t plist) {
    const h5::Space space = h5::create_space(shape);
    return h5::Dataset(h5::call("create " + name, [&] {
        return H5Dcreate2(group, name.c_str(), type, space.get(), H5P_DEFAULT, plist, H5P_DEFAULT);
    }));
}

}  // namespace pal
