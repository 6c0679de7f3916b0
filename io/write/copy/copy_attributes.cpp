#include "io/write/copy/copy_attributes.hpp"

#include "io/h5/attributes.hpp"

namespace pal {

void copy_attributes(hid_t from, hid_t to) {
    copy_attributes(from, to, [](std::string_view) { return false; });
}

void copy_attributes(hid_t from, hid_t to, bool (*left_out)(std::string_view name)) {
    for (const std::string& name : h5::list_attributes(from)) {
        if (!left_out(name)) h5::copy_attribute(from, to, name, name);
    }
}

void copy_comment(hid_t from, hid_t to) {
    const std::string text = h5::object_comment(from);
    if (text.empty()) return;
    h5::call("write a comment", [&] { return H5Oset_comment(to, text.c_str()); });
}

}  // namespace pal
