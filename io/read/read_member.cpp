#include "io/read/read_member.hpp"

#include <fmt/format.h>

#include "io/h5/foreign_storage.hpp"

namespace pal {

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
    // A link may lead into another file, and so may the storage of a dataset: nothing of a
    // palettized tensor lies there, and a file from a stranger must not read others.
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
