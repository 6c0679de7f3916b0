#include "io/write/checkpoint_writer.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "io/guard/memory_fence.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/member.hpp"
#include "io/read/plausible.hpp"
#include "io/write/copy/copy_skeleton.hpp"
#include "io/write/copy/copy_tree.hpp"
#include "io/write/copy/create_like.hpp"
#include "io/write/dense_sink.hpp"
#include "io/write/version.hpp"
#include "io/write/write_indices.hpp"
#include "io/write/writer_impl.hpp"

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

/// True for LUT quantizations whose scale is float32, whatever the type of the weights.
bool has_float32_scale(const nlohmann::json& qspec) {
    const nlohmann::json range = qspec.value("float_range", nlohmann::json());
    const bool is_given =
        range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number();
    return is_given || qspec.value("scale_dtype", nlohmann::json()).is_string();
}

void write_luts(hid_t group, const PalettizedTensor& tensor, hid_t type,
                const h5::StoredType& stored, const nlohmann::json& spec) {
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
    const nlohmann::json& qspec = spec.at("lut_qspec");
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

/// Estimates the bytes of a copy without the objects at the addresses `left_out`.
std::uint64_t copied_bytes(const Checkpoint& source, const std::set<haddr_t>& left_out) {
    std::uint64_t bytes =
        source.info.file_bytes - std::min(source.info.file_bytes, source.info.dropped.bytes);
    const auto leave_out = [&](const std::string& path, std::uint64_t own_bytes) {
        if (left_out.count(source.address_of(path)) == 0) return;
        bytes -= std::min(bytes, own_bytes);
    };
    for (const DatasetInfo& dataset : source.info.datasets) leave_out(dataset.path, dataset.bytes);
    for (const PalettizedTensorInfo& tensor : source.info.tensors) {
        leave_out(tensor.path, tensor.bytes_stored);
    }
    return bytes;
}

}  // namespace

CheckpointWriter::CheckpointWriter(const CheckpointReader& source, const std::string& target,
                                   bool force, const std::vector<std::string>& replaced,
                                   const std::string& partial_path, Copies copies)
    : impl_(std::make_unique<Impl>(source, target, force, partial_path)) {
    make(replaced, {}, copies);
}

CheckpointWriter::CheckpointWriter(const CheckpointReader& source, const std::string& target,
                                   bool force, const std::vector<std::string>& replaced,
                                   const Links& links, const std::string& partial_path)
    : impl_(std::make_unique<Impl>(source, target, force, partial_path)) {
    make(replaced, links, Copies::kEverything);
}

void CheckpointWriter::make(const std::vector<std::string>& replaced, const Links& links,
                            Copies copies) {
    const auto& info = impl_->source.info;
    if (!info.unsupported.empty())
        throw Error(ErrorCode::kInput, impl_->source.path + ": cannot copy " + info.unsupported);
    if (!info.reserved.empty())
        throw Error(ErrorCode::kInput, impl_->source.path + ": " + info.reserved);
    if (!links.empty() && !impl_->source.references.empty()) {
        throw Error(ErrorCode::kInput, impl_->source.path + ": " +
                                           impl_->source.references.front().path +
                                           " holds references, which do not lead into other files");
    }
    std::set<haddr_t> addresses;
    for (const std::string& path : replaced) addresses.insert(impl_->replaced_address(path));
    LinkedObjects linked;
    std::set<haddr_t> left_out = addresses;
    for (const auto& [path, elsewhere] : links) {
        const haddr_t address = impl_->replaced_address(path);
        linked[address] = elsewhere;
        left_out.insert(address);
    }
    // A palettized file is none any more once all of its tensors are dense again.
    const bool drop_documents = impl_->source.has_format && addresses.size() == info.tensors.size();
    const bool everything = copies == Copies::kEverything;
    if (everything) impl_->partial.require_room(copied_bytes(impl_->source, left_out));
    impl_->guarded("", [&] {
        impl_->file = create_like(impl_->source, impl_->partial.path());
        impl_->partial.created(h5::descriptor_of(impl_->file.get()));
    });
    // There is room and the file could be made: failures are now in the source or on the disk.
    impl_->guarded(
        "",
        [&] {
            with_memory_fence(most_library_bytes(info.file_bytes), [&] {
                const hid_t file = impl_->file.get();
                impl_->stand_ins =
                    everything ? copy_tree(impl_->source, file, addresses, linked, drop_documents)
                               : copy_skeleton(impl_->source, file, addresses);
            });
        },
        true);
}

CheckpointWriter::~CheckpointWriter() = default;

std::vector<ChunkPlace> CheckpointWriter::write_palettized(const std::string& path,
                                                           const PalettizedTensor& tensor,
                                                           const std::string& spec_json) {
    std::vector<ChunkPlace> places;
    impl_->guarded(" (" + path + ")", [&] {
        const StoredWeights* const weights = impl_->source.weights_at(path);
        PAL_ASSERT(weights != nullptr && weights->stored.dtype == tensor.dtype);
        const auto group = impl_->open_stand_in<h5::Group>(path);
        write_group_attributes(group.get(), tensor, spec_json);
        if (tensor.geometry.output_dims > 1 || tensor.geometry.group_dims > 1)
            impl_->needs_format_2 = true;
        places = write_indices(group.get(), tensor, *impl_);
        write_luts(group.get(), tensor, lut_type(*weights), weights->stored,
                   nlohmann::json::parse(spec_json));
    });
    return places;
}

std::unique_ptr<WeightSink> CheckpointWriter::open_dense(const std::string& path, DType dtype,
                                                         std::size_t count) {
    std::unique_ptr<WeightSink> sink;
    impl_->guarded(" (" + path + ")", [&] { sink = make_dense_sink(*impl_, path, dtype, count); });
    return sink;
}

void CheckpointWriter::finish(const std::string& config_json) {
    impl_->guarded("", [&] {
        const hid_t file = impl_->file.get();
        if (!config_json.empty()) {
            const h5::Group root = h5::open_group(file, "/");
            const h5::Plist group_plist = h5::create_plist(H5P_GROUP_CREATE);
            h5::call("set time tracking",
                     [&] { return H5Pset_obj_track_times(group_plist.get(), false); });
            const h5::Group documents(h5::call("create /h5palettize", [&] {
                return H5Gcreate2(file, h5::kDocumentGroup, H5P_DEFAULT, group_plist.get(),
                                  H5P_DEFAULT);
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
            const bool is_new = impl_->needs_format_2 || impl_->stand_ins.has_renamed_attributes;
            h5::write_integers(root.get(), "h5palettize_format", {is_new ? 2 : 1}, true);
            h5::write_string_attribute(root.get(), "h5palettize_version", kVersion);
            h5::call("flush", [&] { return H5Fflush(file, H5F_SCOPE_LOCAL); });
            h5::write_integers(root.get(), "h5palettize_complete", {1}, true);
        }
        h5::call("flush", [&] { return H5Fflush(file, H5F_SCOPE_LOCAL); });
        impl_->file.close_checked("close");
    });
    impl_->partial.copy_head(impl_->source.path, impl_->source.info.user_block_bytes);
}

std::uint64_t CheckpointWriter::sync() { return impl_->partial.sync(); }

void CheckpointWriter::publish() { impl_->partial.publish(); }

void CheckpointWriter::commit(const std::string& config_json) {
    finish(config_json);
    publish();
}

}  // namespace pal
