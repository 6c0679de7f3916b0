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

/// Returns true if a member with floats has the type that the weights give it.
bool has_type_of_weights(hid_t dataset, const h5::Type& member, const std::string& name) {
    const h5::Type type = h5::dataset_type(dataset);
    const h5::Type own = h5::copy_type(type.get());
    const h5::Type found = h5::copy_type(member.get());
    const auto is = [&](hid_t wanted) { return h5::equal_types(wanted, found.get()); };
    const hid_t float32 = h5::call("find a type", [] { return H5T_IEEE_F32LE; });
    if (name == "lut_quantization_scale" && is(float32)) return true;
    if (h5::type_class(own.get()) == H5T_OPAQUE)
        return is(h5::call("find a type", [] { return H5T_STD_U16LE; }));
    return is(own.get());
}

/// Checks what a reader does not look at.
void compare_member(Comparison& comparison, hid_t dataset, hid_t member, const std::string& name,
                    const std::string& path) {
    const h5::Type type = h5::dataset_type(member);
    const bool floats =
        name == "lut" || name == "per_channel_scale" || name == "lut_quantization_scale";
    if (floats && !has_type_of_weights(dataset, type, name))
        comparison.differs(path, "another datatype than that of the weights");
    const bool fp8 = name == "quantized_lut" &&
                     h5::read_string_attribute(member, "dtype").value_or("").starts_with("float8");
    const bool names_dtype = fp8 || h5::classify_type(type.get(), member).bfloat16_by_attribute;
    for (const std::string& attribute : h5::list_attributes(member)) {
        if (attribute != "dtype" || !names_dtype)
            comparison.differs(path, "attribute '" + attribute + "' is not of this program");
    }
    if (!h5::object_comment(member).empty())
        comparison.differs(path, "the comment is not of this program");
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
        const std::string at = child_path(path, link.name);
        if (!h5::is_group_member(link.name) || link.type != H5L_TYPE_HARD) {
            comparison.differs(at, "is no part of a palettized tensor");
            continue;
        }
        const auto member = h5::open_at<h5::Object>(group, link.address, at);
        if (h5::is_dataset(member.get()))
            compare_member(comparison, dataset, member.get(), link.name, at);
    }
}

}  // namespace pal
