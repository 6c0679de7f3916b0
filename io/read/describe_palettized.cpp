#include "io/read/describe_palettized.hpp"

#include <algorithm>

#include "io/files/foreign_json.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/foreign_storage.hpp"

namespace pal {

namespace {

/// Throws unless the indices have the tensor's shape but for one dimension, divided by cluster_dim.
void require_plausible_shape(hid_t group, const std::string& path, const Shape& shape) {
    Shape indices;
    for (const h5::Link& link : h5::list_links(group)) {
        if (link.name != "indices" || link.type != H5L_TYPE_HARD) continue;
        const h5::Dataset dataset = h5::open_dataset(group, link.name);
        const h5::Plist plist = h5::dataset_plist(dataset.get());
        indices = h5::space_shape(h5::own_space(dataset.get(), plist.get()).get());
    }
    std::size_t differing = 0;
    bool plausible = indices.size() == shape.size();
    for (std::size_t d = 0; plausible && d < shape.size(); ++d) {
        differing += shape[d] == indices[d] ? 0U : 1U;
        plausible = indices[d] > 0 && shape[d] > 0 && shape[d] % indices[d] == 0;
    }
    if (!plausible || differing > 1 || !element_count(shape)) {
        throw Error(ErrorCode::kInput, path + ": palettized_shape " + shape_to_string(shape) +
                                           " does not go with indices of shape " +
                                           shape_to_string(indices) + "; the file is damaged");
    }
}

/// Returns the text of a specification, a JSON object. All who parse it again may rely on that.
std::string spec_text(hid_t group, const std::string& path) {
    std::string text = h5::read_string_attribute(group, "palettized_spec").value_or("");
    try {
        if (read_json(text).is_object()) return text;
    } catch (const Error& error) {
        throw error.in(path + ": palettized_spec is damaged");
    }
    throw Error(ErrorCode::kInput, path + ": palettized_spec is damaged: it is no JSON object");
}

}  // namespace

bool is_palettized(const Checkpoint& checkpoint, hid_t object) {
    return checkpoint.has_format && h5::is_group(object) &&
           h5::has_attribute(object, "palettized_spec");
}

PalettizedTensorInfo describe_palettized(hid_t group, const std::string& path) {
    PalettizedTensorInfo info;
    info.spec_json = spec_text(group, path);
    for (const std::int64_t size :
         h5::read_integers(group, "palettized_shape").value_or(std::vector<std::int64_t>{})) {
        info.shape.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0)));
    }
    if (info.shape.size() > H5S_MAX_RANK)
        throw Error(ErrorCode::kInput, path + ": palettized_shape has too many dimensions");
    require_plausible_shape(group, path, info.shape);
    const std::string name = h5::read_string_attribute(group, "palettized_dtype").value_or("");
    bool known = false;
    for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
        if (dtype_name(dtype) != name) continue;
        info.dtype = dtype;
        known = true;
    }
    if (!known || info.shape.empty()) {
        throw Error(ErrorCode::kInput, path + ": a palettized group without a valid palettized_" +
                                           (known ? "shape" : "dtype") + "; the file is damaged");
    }
    info.dense_bytes = element_count(info.shape).value_or(0) * dtype_bytes(info.dtype);
    for (const h5::Link& link : h5::list_links(group)) {
        if (link.type != H5L_TYPE_HARD) continue;
        const auto member = h5::open_at<h5::Object>(group, link.address, link.name);
        if (!h5::is_dataset(member.get())) continue;
        info.bytes_stored += h5::storage_bytes(member.get());
    }
    return info;
}

}  // namespace pal
