#include "io/h5/member.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/h5/foreign_storage.hpp"
#include "io/h5/hdf5.hpp"

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
        new h5::Plist(new_member_plist());  // never closed, like the lock
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

void damaged(const std::string& text) {
    throw Error(ErrorCode::kInput, text + "; the file is damaged, palettize the original again");
}

bool has_member(hid_t group, const std::string& name) {
    return h5::call("look for " + name,
                    [&] { return H5Lexists(group, name.c_str(), H5P_DEFAULT); }) > 0;
}

Member open_member(hid_t group, const std::string& name, const Shape& shape) {
    Member member;
    if (!has_member(group, name)) damaged("member '" + name + "' is missing");
    // Links and the storage of a dataset may lead into other files. Nothing of a palettized tensor
    // lies there, and a file from a stranger must not make this process read others.
    H5L_info_t link{};
    h5::call("look for " + name,
             [&] { return H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT); });
    if (link.type != H5L_TYPE_HARD) damaged("member '" + name + "' is a link to another place");
    member.dataset = h5::open_dataset(group, name);
    member.type = h5::dataset_type(member.dataset.get());
    member.stored = h5::classify_type(member.type.get(), member.dataset.get());
    const h5::Plist plist = h5::dataset_plist(member.dataset.get());
    if (!h5::foreign_storage(plist.get()).empty())
        damaged("member '" + name + "' has its data in other files");
    const h5::Space space = h5::dataset_space(member.dataset.get());
    const Shape found = h5::space_shape(space.get());
    if (found != shape) {
        damaged(fmt::format("member '{}' has shape {}, expected {}", name, shape_to_string(found),
                            shape_to_string(shape)));
    }
    if (h5::space_largest(space.get()) != found)
        damaged("member '" + name + "' has a shape that can grow");
    const auto count = element_count(shape);
    if (!count) damaged("member '" + name + "' has an impossible shape");
    member.count = *count;
    return member;
}

}  // namespace pal
