#include "io/compare/compare_palettized.hpp"

#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/storage.hpp"

namespace pal {

namespace {

bool remembers_type(hid_t group, hid_t dataset) {
    const h5::Type type = h5::dataset_type(dataset);
    const h5::Type own = h5::copy_type(type.get());
    if (!h5::has_attribute(group, "palettized_storage_type")) return false;
    const h5::Attribute attribute = h5::open_attribute(group, "palettized_storage_type");
    const h5::Type remembered = h5::attribute_type(attribute.get());
    return h5::equal_types(own.get(), h5::copy_type(remembered.get()).get());
}

}  // namespace

void compare_palettized(Comparison& comparison, hid_t dataset, hid_t group,
                        const std::string& path) {
    const auto stored = h5::read_string_attribute(group, "palettized_storage");
    if (stored != h5::describe_storage(dataset))
        comparison.differs(path, "palettized_storage is not how the original is stored");
    if (!remembers_type(group, dataset))
        comparison.differs(path, "palettized_storage_type is not the original's datatype");
    for (const h5::Link& link : h5::list_links(group)) {
        if (!h5::is_group_member(link.name) || link.type != H5L_TYPE_HARD)
            comparison.differs(child_path(path, link.name), "is no part of a palettized tensor");
    }
}

}  // namespace pal
