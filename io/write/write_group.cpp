#include "io/write/write_group.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/h5/attributes.hpp"
#include "io/h5/member.hpp"
#include "io/write/version.hpp"

namespace pal {

namespace {

/// Type of the members with floats: that of the weights, or integers where those are opaque bytes,
/// which few programs read.
hid_t lut_type(const StoredWeights& weights) {
    if (h5::type_class(weights.type) != H5T_OPAQUE) return weights.type;
    return h5::call("find a type", [] { return H5T_STD_U16LE; });
}

/// Creates a member with floats, stored as those of the original dataset are.
void write_floats(hid_t group, const std::string& name, const Shape& shape, hid_t type,
                  const h5::StoredType& stored, const std::vector<double>& values) {
    const hid_t plist = member_plist_for(values.size() * dtype_bytes(stored.dtype.value()));
    h5::Dataset dataset = create_member(group, name, type, shape, plist);
    if (stored.bfloat16_by_attribute)
        h5::write_string_attribute(dataset.get(), "dtype", "bfloat16");
    h5::write_values(dataset.get(), type, stored, values);
    dataset.close_checked("close " + name);
}

void write_bytes(hid_t group, const std::string& name, const Shape& shape,
                 const std::string& lut_dtype, const std::vector<std::uint8_t>& bytes) {
    const hid_t type =
        h5::call("find a type", [&] { return lut_dtype == "int8" ? H5T_STD_I8LE : H5T_STD_U8LE; });
    h5::Dataset dataset = create_member(group, name, type, shape, member_plist_for(bytes.size()));
    if (lut_dtype.starts_with("float8"))
        h5::write_string_attribute(dataset.get(), "dtype", lut_dtype);
    h5::call("write " + name, [&] {
        return H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
    });
    dataset.close_checked("close " + name);
}

/// True for LUT quantizations whose scale is float32, whatever the type of the weights.
bool has_float32_scale(const nlohmann::json& qspec) {
    const nlohmann::json range = qspec.value("float_range", nlohmann::json());
    const bool is_given =
        range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number();
    return is_given || qspec.value("scale_dtype", nlohmann::json()).is_string();
}

}  // namespace

void write_group_attributes(hid_t group, const PalettizedTensor& tensor,
                            const std::string& spec_json) {
    const Geometry& geometry = tensor.geometry;
    h5::write_integers(group, "palettized_shape", {geometry.shape.begin(), geometry.shape.end()},
                       false);
    h5::write_string_attribute(group, "palettized_dtype", std::string(dtype_name(tensor.dtype)));
    h5::write_string_attribute(group, "palettized_spec", spec_json);
    const auto one = [&](const char* name, std::int64_t value) {
        h5::write_integers(group, name, {value}, true);
    };
    one("output_channel_axis", static_cast<std::int64_t>(geometry.output_axis));
    one("group_axis", geometry.group_axis ? static_cast<std::int64_t>(*geometry.group_axis) : -1);
    one("group_size", geometry.group_axis ? static_cast<std::int64_t>(geometry.group_size) : 0);
    const auto more_dims = [&](const char* name, std::size_t dims) {
        if (dims > 1) one(name, static_cast<std::int64_t>(dims));
    };
    more_dims("output_channel_dims", geometry.output_dims);
    more_dims("group_dims", geometry.group_dims);
}

void write_luts(hid_t group, const PalettizedTensor& tensor, const StoredWeights& weights,
                const std::string& spec_json) {
    const hid_t type = lut_type(weights);
    const h5::StoredType& stored = weights.stored;
    const Geometry& geometry = tensor.geometry;
    const std::size_t rank = geometry.shape.size();
    Shape lut_shape(rank + 2, 1);
    if (geometry.group_axis) lut_shape[*geometry.group_axis] = geometry.group_count;
    Shape scale_shape = lut_shape;
    lut_shape[rank] = tensor.lut_entries();
    lut_shape[rank + 1] = geometry.cluster_dim;
    write_floats(group, "lut", lut_shape, type, stored, tensor.lut);
    if (!tensor.per_channel_scale.empty()) {
        Shape shape(rank, 1);
        for (std::size_t d = geometry.output_axis; d < geometry.output_axis + geometry.output_dims;
             ++d)
            shape[d] = geometry.shape[d];
        write_floats(group, "per_channel_scale", shape, type, stored, tensor.per_channel_scale);
    }
    if (tensor.quantized_lut.empty()) return;
    const nlohmann::json qspec = nlohmann::json::parse(spec_json).at("lut_qspec");
    const auto lut_dtype = qspec.at("dtype").get<std::string>();
    write_bytes(group, "quantized_lut", lut_shape, lut_dtype, tensor.quantized_lut);
    if (has_float32_scale(qspec)) {
        h5::StoredType f32;
        f32.dtype = DType::kF32;
        const hid_t f32_type = h5::call("find a type", [] { return H5T_IEEE_F32LE; });
        write_floats(group, "lut_quantization_scale", scale_shape, f32_type, f32, tensor.lut_scale);
    } else {
        write_floats(group, "lut_quantization_scale", scale_shape, type, stored, tensor.lut_scale);
    }
    if (!tensor.lut_zero_point.empty()) {
        write_bytes(group, "lut_quantization_zero_point", scale_shape, lut_dtype,
                    tensor.lut_zero_point);
    }
}

void write_documents(hid_t root, const std::string& config_json, int format) {
    const h5::Plist group_plist = h5::create_plist(H5P_GROUP_CREATE);
    h5::call("set time tracking", [&] { return H5Pset_obj_track_times(group_plist.get(), false); });
    const h5::Group documents(h5::call("create /h5palettize", [&] {
        return H5Gcreate2(root, h5::kDocumentGroup, H5P_DEFAULT, group_plist.get(), H5P_DEFAULT);
    }));
    const h5::Type type = h5::fixed_string_type(config_json);
    const h5::Plist plist = new_member_plist();
    h5::Dataset config =
        create_member(documents.get(), h5::kConfigDataset, type.get(), {}, plist.get());
    h5::call("write /h5palettize/config", [&] {
        return H5Dwrite(config.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                        config_json.data());
    });
    config.close_checked("close /h5palettize/config");
    h5::write_integers(root, "h5palettize_format", {format}, true);
    h5::write_string_attribute(root, "h5palettize_version", kVersion);
}

}  // namespace pal
