#include "io/compare/compare_attributes.hpp"

#include <algorithm>
#include <utility>

#include "io/compare/compare_values.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/read/describe_palettized.hpp"

namespace pal {

namespace {

/// Lists the attributes of an object, without those that the format adds.
std::vector<std::string> own_attributes(const Checkpoint& checkpoint, hid_t object,
                                        const std::string& path) {
    std::vector<std::string> names = h5::list_attributes(object);
    if (is_palettized(checkpoint, object)) {
        std::erase_if(names, [](const std::string& name) { return h5::is_group_attribute(name); });
        std::ranges::transform(names, names.begin(), h5::name_in_dataset);
    } else if (checkpoint.has_format && path == "/") {
        std::erase_if(names, [](const std::string& name) { return h5::is_root_attribute(name); });
    }
    return names;
}

bool tracks_attributes(hid_t object) {
    return (h5::attribute_order(h5::object_info(object)) & H5P_CRT_ORDER_TRACKED) != 0;
}

void compare_attribute(Comparison& comparison, hid_t a, hid_t b, const std::string& path,
                       const std::string& name) {
    h5::RawValue left = h5::read_raw_attribute(a, name);
    h5::RawValue right =
        h5::read_raw_attribute(b, h5::has_attribute(b, name) ? name : h5::name_in_group(name));
    const std::string attribute = "attribute '" + name + "'";
    if (!h5::equal_types(left.type(), right.type())) {
        comparison.differs(path, attribute + " has another type");
    } else if (!h5::equal_spaces(left.space(), right.space())) {
        comparison.differs(path, attribute + " has another shape");
    } else {
        compare_values(comparison, std::move(left), std::move(right), path,
                       attribute + " has another value");
    }
}

}  // namespace

void compare_attributes(Comparison& comparison, hid_t a, hid_t b, const std::string& path) {
    const std::vector<std::string> ours = own_attributes(comparison.original, a, path);
    const std::vector<std::string> theirs = own_attributes(comparison.derived, b, path);
    const std::vector<std::string> added = names_only_in(theirs, ours);
    const std::vector<std::string> missing = names_only_in(ours, theirs);
    for (const std::string& name : added)
        comparison.differs(path, "attribute '" + name + "' is not in the original");
    for (const std::string& name : missing)
        comparison.differs(path, "attribute '" + name + "' is missing");
    // Without tracking, both are sorted by name.
    if (added.empty() && missing.empty() && ours != theirs && tracks_attributes(a))
        comparison.differs(path, "attributes in another order");
    for (const std::string& name : names_only_in(ours, missing))
        compare_attribute(comparison, a, b, path, name);
}

void compare_comments(Comparison& comparison, hid_t a, hid_t b, const std::string& path) {
    if (h5::object_comment(a) != h5::object_comment(b)) comparison.differs(path, "another comment");
}

}  // namespace pal
