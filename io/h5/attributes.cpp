#include "io/h5/attributes.hpp"

#include <algorithm>

#include "io/h5/datatypes.hpp"

namespace pal::h5 {

namespace {

const std::string kMovedPrefix = "palettized_attribute_";

}  // namespace

bool is_group_attribute(std::string_view name) noexcept {
    return std::find(std::begin(kGroupAttributes), std::end(kGroupAttributes), name) !=
           std::end(kGroupAttributes);
}
std::string name_in_group(const std::string& name) {
    static constexpr std::string_view kOfDatasets[] = {"CLASS",
                                                       "VERSION",
                                                       "TITLE",
                                                       "NAME",
                                                       "DIMENSION_LIST",
                                                       "REFERENCE_LIST",
                                                       "DIMENSION_LABELS",
                                                       "_Netcdf4Dimid",
                                                       "_Netcdf4Coordinates"};
    const bool is_one = std::ranges::find(kOfDatasets, name) != std::end(kOfDatasets);
    return is_one ? kMovedPrefix + name : name;
}
std::string name_in_dataset(const std::string& name) {
    return name.starts_with(kMovedPrefix) ? name.substr(kMovedPrefix.size()) : name;
}
bool is_reserved_attribute(const std::string& name) {
    return is_group_attribute(name) || name.starts_with(kMovedPrefix);
}
bool is_group_member(std::string_view name) noexcept {
    return std::find(std::begin(kGroupMembers), std::end(kGroupMembers), name) !=
           std::end(kGroupMembers);
}
bool is_root_attribute(std::string_view name) noexcept {
    return std::find(std::begin(kRootAttributes), std::end(kRootAttributes), name) !=
           std::end(kRootAttributes);
}

bool has_attribute(hid_t object, const std::string& name) {
    return call("look for an attribute", [&] { return H5Aexists(object, name.c_str()); }) > 0;
}
Attribute open_attribute(hid_t object, const std::string& name) {
    return Attribute(call("open attribute '" + name + "'",
                          [&] { return H5Aopen(object, name.c_str(), H5P_DEFAULT); }));
}
Type attribute_type(hid_t attribute) {
    return Type(call("read an attribute's type", [&] { return H5Aget_type(attribute); }));
}

namespace {

Space attribute_space(hid_t attribute) {
    return Space(call("read an attribute's space", [&] { return H5Aget_space(attribute); }));
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
    return in_callback([&] { static_cast<std::vector<std::string>*>(names)->emplace_back(name); });
}

}  // namespace

std::vector<std::string> list_attributes(hid_t object) {
    std::vector<std::string> names;
    // Asking for creation order fails where it is not tracked.
    const bool ordered = succeeds([&] {
        return H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect_name, &names);
    });
    if (ordered && !names.empty()) return names;
    names.clear();
    call("list attributes", [&] {
        return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names);
    });
    return names;
}

RawValue read_raw_attribute(hid_t object, const std::string& name) {
    const Attribute attribute = open_attribute(object, name);
    const Type type = attribute_type(attribute.get());
    RawValue value(copy_type(type.get()), attribute_space(attribute.get()));
    if (!value.bytes().empty()) {
        call("read attribute '" + name + "'",
             [&] { return H5Aread(attribute.get(), value.type(), value.bytes().data()); });
        value.read_done();
    }
    return value;
}

std::uint64_t attribute_bytes(hid_t attribute, const std::string& name) {
    constexpr std::uint64_t kHeaders = 16;  // of the message, and of the attribute in it
    constexpr std::uint64_t kSpace = 8;     // and as much for each dimension
    const auto padded = [](std::uint64_t bytes) { return (bytes + 7) / 8 * 8; };
    const Type type = attribute_type(attribute);
    std::size_t type_size = 0;
    call("read a type", [&] { return H5Tencode(type.get(), nullptr, &type_size); });
    const Space space = attribute_space(attribute);
    const auto value =
        call("read an attribute", [&] { return H5Aget_storage_size(attribute) + hsize_t{0}; });
    return kHeaders + padded(name.size() + 1) + padded(type_size) +
           kSpace * (1 + space_shape(space.get()).size()) + padded(value);
}

void copy_attribute(hid_t from, hid_t to, const std::string& name, const std::string& new_name) {
    const RawValue value = read_raw_attribute(from, name);
    const Attribute source = open_attribute(from, name);
    const Plist plist(
        call("read attribute properties", [&] { return H5Aget_create_plist(source.get()); }));
    const Attribute copy(call("create attribute '" + name + "'", [&] {
        return H5Acreate2(to, new_name.c_str(), value.type(), value.space(), plist.get(),
                          H5P_DEFAULT);
    }));
    if (value.bytes().empty()) return;
    call("write attribute '" + name + "'",
         [&] { return H5Awrite(copy.get(), value.type(), value.bytes().data()); });
}

std::optional<std::string> read_string_attribute(hid_t object, const std::string& name) {
    if (!has_attribute(object, name)) return std::nullopt;
    return text_of(read_raw_attribute(object, name));
}

std::optional<std::vector<std::int64_t>> read_integers(hid_t object, const std::string& name) {
    if (!has_attribute(object, name)) return std::nullopt;
    const Attribute attribute = open_attribute(object, name);
    const Type type = attribute_type(attribute.get());
    if (type_class(type.get()) != H5T_INTEGER) return std::nullopt;
    RawValue value(copy_type(H5T_NATIVE_INT64), attribute_space(attribute.get()));
    std::vector<std::int64_t> numbers(value.count());
    if (!numbers.empty()) {
        call("read attribute '" + name + "'",
             [&] { return H5Aread(attribute.get(), H5T_NATIVE_INT64, numbers.data()); });
    }
    return numbers;
}

hid_t utf8_string_type() {
    static const Type* const kept = [] {  // never closed: the library may be gone by then
        Type type = copy_type(call("find a type", [] { return H5T_C_S1; }));
        call("make a string type", [&] { return H5Tset_size(type.get(), H5T_VARIABLE); });
        call("make a string type", [&] { return H5Tset_cset(type.get(), H5T_CSET_UTF8); });
        return new Type(std::move(type));
    }();
    return kept->get();
}

Type fixed_string_type(const std::string& text) {
    const bool is_ascii = std::ranges::all_of(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
    const H5T_cset_t set = is_ascii ? H5T_CSET_ASCII : H5T_CSET_UTF8;
    Type type = copy_type(call("find a type", [] { return H5T_C_S1; }));
    call("make a string type", [&] {
        return std::min({H5Tset_size(type.get(), std::max<std::size_t>(1, text.size())),
                         H5Tset_strpad(type.get(), H5T_STR_NULLPAD), H5Tset_cset(type.get(), set)});
    });
    return type;
}

void write_string_attribute(hid_t object, const std::string& name, const std::string& value) {
    const hid_t type = utf8_string_type();
    const hid_t space = scalar_space();
    const Attribute attribute(call("create attribute '" + name + "'", [&] {
        return H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    }));
    const char* text = value.c_str();
    call("write attribute '" + name + "'", [&] { return H5Awrite(attribute.get(), type, &text); });
}

void write_integers(hid_t object, const std::string& name, const std::vector<std::int64_t>& values,
                    bool scalar) {
    const Space line = scalar ? Space() : create_space({values.size()});
    const hid_t space = scalar ? scalar_space() : line.get();
    const Attribute attribute(call("create attribute '" + name + "'", [&] {
        return H5Acreate2(object, name.c_str(), H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    }));
    call("write attribute '" + name + "'",
         [&] { return H5Awrite(attribute.get(), H5T_NATIVE_INT64, values.data()); });
}

}  // namespace pal::h5
