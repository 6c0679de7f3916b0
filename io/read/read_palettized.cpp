#include "io/read/read_palettized.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "io/files/foreign_json.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/member.hpp"
#include "io/read/plausible.hpp"
#include "io/read/read_indices.hpp"

namespace pal {

namespace {

std::int64_t integer_attribute(hid_t group, const std::string& name) {
    const auto values = h5::read_integers(group, name);
    if (!values || values->size() != 1)
        damaged("attribute '" + name + "' is missing or no integer");
    return values->front();
}

std::uint64_t spec_integer(const ForeignJson& spec, const char* key, std::uint64_t smallest,
                           std::uint64_t largest) {
    const auto found = spec.find(key);
    if (found == spec.end() || !found->is_number_unsigned() ||
        found->get<std::uint64_t>() < smallest || found->get<std::uint64_t>() > largest) {
        damaged(fmt::format("palettized_spec has no {} from {} to {}", key, smallest, largest));
    }
    return found->get<std::uint64_t>();
}

/// Reads how many dimensions from `first` on count as one; 1 if the attribute is not there.
std::size_t dims_attribute(hid_t group, const char* name, std::int64_t first, std::int64_t rank) {
    if (!h5::has_attribute(group, name)) return 1;
    const std::int64_t dims = integer_attribute(group, name);
    if (dims < 2 || dims > rank - first)
        damaged(fmt::format("{} {} of a tensor of rank {}", name, dims, rank));
    return static_cast<std::size_t>(dims);
}

Geometry read_geometry(hid_t group, const Shape& shape, const ForeignJson& json, int n_bits) {
    PalettizationSpec spec;
    spec.n_bits = n_bits;
    spec.cluster_dim = spec_integer(json, "cluster_dim", 1, std::uint64_t{1} << 32);
    const std::int64_t rank = static_cast<std::int64_t>(shape.size());
    const std::int64_t output_axis = integer_attribute(group, "output_channel_axis");
    const std::int64_t group_axis = integer_attribute(group, "group_axis");
    const std::int64_t group_size = integer_attribute(group, "group_size");
    if (output_axis < 0 || output_axis >= rank) {
        damaged(fmt::format("output_channel_axis {} of a tensor of rank {}", output_axis, rank));
    }
    if (group_axis < -1 || group_axis >= rank || (group_axis >= 0) != (group_size >= 1) ||
        group_size < 0) {
        damaged(fmt::format("group_axis {} with group_size {} of a tensor of rank {}", group_axis,
                            group_size, rank));
    }
    AxisMap axes{static_cast<std::size_t>(output_axis), static_cast<std::size_t>(output_axis),
                 dims_attribute(group, "output_channel_dims", output_axis, rank), 1};
    if (group_axis >= 0) {
        spec.granularity.kind = GranularityKind::kPerGroupedChannel;
        spec.granularity.axis = group_axis == output_axis ? 0 : 1;
        spec.granularity.group_size = static_cast<std::uint64_t>(group_size);
        axes.input_axis = static_cast<std::size_t>(group_axis);
        axes.input_dims = dims_attribute(group, "group_dims", group_axis, rank);
        if (group_axis == output_axis && axes.input_dims != axes.output_dims)
            damaged("group_dims is not output_channel_dims");
    }
    auto geometry = make_geometry(shape, axes, spec, true);
    if (const auto* reason = std::get_if<std::string>(&geometry)) damaged(*reason);
    return std::get<Geometry>(geometry);
}

std::vector<double> read_floats(hid_t group, const std::string& name, const Shape& shape,
                                std::optional<DType> wanted) {
    const Member member = open_member(group, name, shape);
    if (!member.stored.dtype || (wanted && *member.stored.dtype != *wanted)) {
        damaged("member '" + name + "' holds " + member.stored.name + ", expected " +
                std::string(wanted ? dtype_name(*wanted) : "floats"));
    }
    const WeightValues values =
        h5::read_values(member.dataset.get(), member.type.get(), member.stored, member.count);
    auto numbers =
        std::visit([](const auto& v) { return std::vector<double>(v.begin(), v.end()); }, values);
    const bool finite = std::all_of(numbers.begin(), numbers.end(),
                                    [](double number) { return std::isfinite(number); });
    if (!finite) damaged("member '" + name + "' holds NaN or infinity");
    return numbers;
}

/// Reads values of a LUT dtype as raw bytes. FP8 is stored as uint8, with an attribute that names
/// it.
std::vector<std::uint8_t> read_bytes(hid_t group, const std::string& name, const Shape& shape,
                                     const std::string& lut_dtype) {
    const Member member = open_member(group, name, shape);
    const std::string stored =
        member.stored.name == "uint8"
            ? h5::read_string_attribute(member.dataset.get(), "dtype").value_or("uint8")
            : member.stored.name;
    if (stored != lut_dtype) {
        damaged("member '" + name + "' holds " + stored + ", expected " + lut_dtype);
    }
    std::vector<std::uint8_t> bytes(member.count);
    h5::call("read " + name, [&] {
        return H5Dread(member.dataset.get(), member.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       bytes.data());
    });
    return bytes;
}

/// Throws if the spec asks for a member that is missing, or does not ask for one that is there.
void require_member(hid_t group, const std::string& name, bool wanted) {
    if (has_member(group, name) == wanted) return;
    damaged("member '" + name + "' is " +
            (wanted ? "missing, which palettized_spec asks for"
                    : "there, which palettized_spec does not ask for"));
}

void read_quantized(hid_t group, const ForeignJson& spec, const Shape& lut_shape,
                    PalettizedTensor& tensor) {
    const ForeignJson qspec = spec.value("lut_qspec", ForeignJson());
    const bool quantized = qspec.is_object();
    const std::string dtype = quantized ? qspec.value("dtype", "") : "";
    const bool integer = dtype == "int8" || dtype == "uint8";
    require_member(group, "quantized_lut", quantized);
    require_member(group, "lut_quantization_scale", quantized);
    require_member(group, "lut_quantization_zero_point", integer);
    if (!quantized) return;
    Shape scale_shape = lut_shape;
    scale_shape[lut_shape.size() - 2] = scale_shape[lut_shape.size() - 1] = 1;
    tensor.quantized_lut = read_bytes(group, "quantized_lut", lut_shape, dtype);
    tensor.lut_scale = read_floats(group, "lut_quantization_scale", scale_shape, std::nullopt);
    if (integer) {
        tensor.lut_zero_point =
            read_bytes(group, "lut_quantization_zero_point", scale_shape, dtype);
    }
}

PalettizedTensor read_tensor(hid_t group, const PalettizedTensorInfo& info,
                             const std::string& file) {
    PalettizedTensor tensor;
    tensor.dtype = info.dtype;
    const ForeignJson spec = read_json(info.spec_json);
    tensor.n_bits = static_cast<int>(spec_integer(spec, "n_bits", 1, 8));
    tensor.geometry = read_geometry(group, info.shape, spec, tensor.n_bits);
    const Geometry& geometry = tensor.geometry;
    const std::size_t rank = info.shape.size();

    Shape lut_shape(rank + 2, 1);
    if (geometry.group_axis) lut_shape[*geometry.group_axis] = geometry.group_count;
    lut_shape[rank] = tensor.lut_entries();
    lut_shape[rank + 1] = geometry.cluster_dim;
    tensor.lut = read_floats(group, "lut", lut_shape, tensor.dtype);
    const bool scaled = spec.value("enable_per_channel_scale", false);
    require_member(group, "per_channel_scale", scaled);
    if (scaled) {
        Shape scale_shape(rank, 1);
        for (std::size_t d = geometry.output_axis; d < geometry.output_axis + geometry.output_dims;
             ++d)
            scale_shape[d] = geometry.shape[d];
        tensor.per_channel_scale =
            read_floats(group, "per_channel_scale", scale_shape, tensor.dtype);
    }
    read_quantized(group, spec, lut_shape, tensor);
    tensor.chunks = open_indices(group, geometry, tensor.n_bits, file, info.path);
    return tensor;
}

}  // namespace

PalettizedTensor read_palettized(const Checkpoint& checkpoint, const std::string& path) {
    const auto& tensors = checkpoint.info.tensors;
    const auto info = std::lower_bound(
        tensors.begin(), tensors.end(), path,
        [](const PalettizedTensorInfo& tensor, const std::string& p) { return tensor.path < p; });
    if (info == tensors.end() || info->path != path) {
        throw Error(ErrorCode::kInput,
                    checkpoint.path + ": " + path + ": not a palettized tensor of this file");
    }
    use_suspect(checkpoint.path);
    try {
        const auto group = checkpoint.open_at<h5::Group>(checkpoint.address_of(path), path);
        PalettizedTensor tensor;
        with_memory_fence(most_library_bytes(checkpoint.info.file_bytes + checkpoint.linked_bytes),
                          [&] { tensor = read_tensor(group.get(), *info, checkpoint.path); });
        return tensor;
    } catch (const ForeignJson::exception& error) {
        throw Error(ErrorCode::kInput, checkpoint.path + ": " + path +
                                           ": palettized_spec is damaged: " + error.what());
    } catch (const Error& error) {
        throw Error(error.code(), checkpoint.path + ": " + path + ": " + error.what());
    }
}

}  // namespace pal
