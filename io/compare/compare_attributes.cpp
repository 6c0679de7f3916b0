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

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
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
    for (const std::string& name : theirs) {
        if (!contains(ours, name))
            comparison.differs(path, "attribute '" + name + "' is not in the original");
    }
    for (const std::string& name : ours) {
        if (contains(theirs, name)) {
            compare_attribute(comparison, a, b, path, name);
        } else {
            comparison.differs(path, "attribute '" + name + "' is missing");
        }
    }
}

void compare_comments(Comparison& comparison, hid_t a, hid_t b, const std::string& path) {
    if (h5::object_comment(a) != h5::object_comment(b)) comparison.differs(path, "another comment");
}

}  // namespace pal
