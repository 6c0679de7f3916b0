#include "io/write/copy/stand_ins.hpp"

#include <algorithm>

#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/storage.hpp"
#include "io/write/copy/copy_attributes.hpp"
#include "io/write/copy/groups.hpp"

namespace pal {

namespace {

bool holds_references(hid_t object, const std::string& name) {
    const h5::Attribute attribute = h5::open_attribute(object, name);
    return h5::holds_references(h5::attribute_type(attribute.get()).get());
}

}  // namespace

haddr_t StandInMaker::make(hid_t object, H5O_type_t type, const NewLink& to) {
    return type == H5O_TYPE_GROUP ? make_dataset(object, to) : make_group_for(object, to);
}

haddr_t StandInMaker::make_dataset(hid_t palettized, const NewLink& to) const {
    h5::Dataset dataset;
    try {
        dataset = h5::create_from_storage(palettized, to.group, to.name, to.properties);
    } catch (const Error& error) {
        throw error.in(source_.path + ": " + to.path);
    }
    copy_comment(palettized, dataset.get());
    for (const std::string& name : h5::list_attributes(palettized)) {
        if (!h5::is_group_attribute(name))
            h5::copy_attribute(palettized, dataset.get(), name, h5::name_in_dataset(name));
    }
    return h5::object_info(dataset.get()).addr;
}

haddr_t StandInMaker::make_group_for(hid_t dataset, const NewLink& to) {
    const h5::Plist plist = h5::dataset_plist(dataset);
    const h5::Group group = make_group(to, group_properties(plist.get()));
    copy_comment(dataset, group.get());
    copy_dataset_attributes(dataset, group.get(), to.path);
    h5::write_storage(dataset, plist.get(), group.get());
    return h5::object_info(group.get()).addr;
}

void StandInMaker::copy_dataset_attributes(hid_t dataset, hid_t group, const std::string& path) {
    for (const std::string& attribute : h5::list_attributes(dataset)) {
        if (h5::is_reserved_attribute(attribute)) {
            throw Error(ErrorCode::kInput,
                        path + " has an attribute '" + attribute +
                            "', a name that palettized tensors need; rename it or "
                            "exclude the dataset");
        }
        if (references_ == ReferenceAttributes::kCopy || !holds_references(dataset, attribute)) {
            const std::string name = h5::name_in_group(attribute);
            has_renamed_ = has_renamed_ || name != attribute;
            h5::copy_attribute(dataset, group, attribute, name);
        }
    }
}

/// Returns one list for each order of attributes: making a list costs as much as making a group.
hid_t StandInMaker::group_properties(hid_t dataset_plist) {
    unsigned order = 0;
    h5::call("read the attribute order",
             [&] { return H5Pget_attr_creation_order(dataset_plist, &order); });
    h5::Plist& plist = group_plists_[order];
    if (plist) return plist.get();
    plist = h5::create_plist(H5P_GROUP_CREATE);
    // With a creation order the few links lie in the group's own header, beside the attributes.
    // Otherwise they take three further blocks, twice the time and 1 KiB more.
    constexpr unsigned kMembers = 8;
    constexpr unsigned kNameBytes = 64;
    h5::call("set group properties", [&] {
        return std::min({H5Pset_attr_creation_order(plist.get(), order),
                         H5Pset_link_creation_order(plist.get(), H5P_CRT_ORDER_TRACKED),
                         H5Pset_est_link_info(plist.get(), kMembers, kNameBytes)});
    });
    return plist.get();
}

}  // namespace pal
