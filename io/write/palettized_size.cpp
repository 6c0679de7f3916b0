#include "io/write/palettized_size.hpp"

#include <map>
#include <mutex>
#include <string>

#include "io/h5/attributes.hpp"
#include "io/write/copy/format_version.hpp"
#include "io/write/copy/stand_ins.hpp"
#include "io/write/write_group.hpp"
#include "io/write/write_indices.hpp"
#include "stages/pack.hpp"

namespace pal {

namespace {

void set_version(hid_t file, H5F_libver_t lowest) {
    h5::call("set the format version",
             [&] { return H5Fset_libver_bounds(file, lowest, H5F_LIBVER_LATEST); });
}

/// Creates a file in memory.
h5::File file_in_memory(FormatForm form) {
    constexpr std::size_t kGrowth = std::size_t{64} << 10;
    const h5::Plist access = h5::create_plist(H5P_FILE_ACCESS);
    h5::call("keep a file in memory",
             [&] { return H5Pset_fapl_core(access.get(), kGrowth, false); });
    const H5F_libver_t low = lowest_version(form.superblock);
    h5::call("set the format version",
             [&] { return H5Pset_libver_bounds(access.get(), low, H5F_LIBVER_LATEST); });
    const h5::Plist creation = h5::create_plist(H5P_FILE_CREATE);
    h5::call("set the order of attributes",
             [&] { return H5Pset_attr_creation_order(creation.get(), form.attribute_order); });
    // The library looks for a file of that name all the same; there can be none.
    return h5::File(h5::call("make a file in memory", [&] {
        return H5Fcreate("/dev/null/palettized", H5F_ACC_TRUNC, creation.get(), access.get());
    }));
}

/// Returns the size of one object without the values of a dataset.
StructureSize size_of(hid_t object) {
    StructureSize size;
    size.bytes = h5::structure_bytes(object);
    if (h5::is_dataset(object) && h5::layout_of(h5::dataset_plist(object).get()) == H5D_COMPACT)
        size.bytes -= h5::storage_bytes(object);
    for (const std::string& name : h5::list_attributes(object)) {
        if (name == "palettized_storage") continue;  // differs from dataset to dataset
        size.heaps.add(h5::heap_bytes(h5::read_raw_attribute(object, name)));
    }
    return size;
}

/// Returns the size of a group with its members.
StructureSize size_with_members(hid_t group) {
    StructureSize size = size_of(group);
    for (const h5::Link& link : h5::list_links(group)) {
        const StructureSize member = size_of(h5::open_object(group, link.name).get());
        size.bytes += member.bytes;
        size.heaps.add(member.heaps);
    }
    return size;
}

/// Kind of palettized group: all of one kind have the same structure.
struct Kind {
    FormatForm form;
    std::size_t rank = 0;
    std::uint64_t chunks = 0;  // 0: few indices, unchunked
    std::string spec_json;
    DType dtype = DType::kF32;
    bool bfloat16_by_attribute = false;
    unsigned more_dims = 0;     // further dimensions of channels
    AttributeSizes attributes;  // of the dataset

    auto operator<=>(const Kind&) const = default;
};

/// Makes attributes of that many bytes.
void make_attributes(hid_t object, AttributeSizes sizes) {
    for (std::uint64_t a = 0; a < sizes.count; ++a) {
        constexpr std::uint64_t kHeaders = 64;
        const std::uint64_t bytes = sizes.bytes / sizes.count;
        const h5::Space space = h5::create_space({bytes > kHeaders ? bytes - kHeaders : 1});
        const h5::Attribute attribute(h5::call("make an attribute", [&] {
            return H5Acreate2(object, ("attribute_" + std::to_string(a)).c_str(), H5T_STD_U8LE,
                              space.get(), H5P_DEFAULT, H5P_DEFAULT);
        }));
    }
}

/// A tensor of one weight, which has the same structure beside its indices.
PalettizedTensor tiny_tensor(const Geometry& geometry, const PalettizationSpec& spec, DType dtype) {
    PalettizedTensor tensor;
    tensor.dtype = dtype;
    tensor.n_bits = spec.n_bits;
    tensor.geometry = geometry;
    tensor.geometry.shape.assign(geometry.shape.size(), 1);
    tensor.geometry.group_count = 1;
    tensor.geometry.cluster_dim = 1;
    tensor.lut.resize(tensor.lut_entries());
    if (spec.enable_per_channel_scale) tensor.per_channel_scale = {1};
    if (!spec.lut_qspec) return tensor;
    tensor.quantized_lut.resize(tensor.lut_entries());
    tensor.lut_scale = {1};
    const bool has_zero_point =
        spec.lut_qspec->dtype == LutDType::kInt8 || spec.lut_qspec->dtype == LutDType::kUInt8;
    if (has_zero_point) tensor.lut_zero_point = {0};
    return tensor;
}

/// The tensor with its number of chunks, of which HDF5 need not know the bytes.
PalettizedTensor with_chunks(const Geometry& geometry, int n_bits) {
    PalettizedTensor tensor;
    tensor.n_bits = n_bits;
    tensor.geometry = geometry;
    const ChunkGrid grid(geometry);
    const std::size_t bytes = are_few(geometry) ? grid.chunk_bytes(n_bits) : 1;
    tensor.chunks = std::vector<ChunkBytes>(grid.count(), ChunkBytes(bytes));
    return tensor;
}

StructureSize measure(const Kind& kind, const Geometry& geometry, const PalettizationSpec& spec) {
    const h5::File file = file_in_memory(kind.form);
    set_version(file.get(), version_for(kind.form));
    const h5::Group root = h5::open_group(file.get(), "/");
    const bool as_integer = kind.bfloat16_by_attribute;
    StoredWeights weights;
    weights.stored.dtype = as_integer ? DType::kBF16 : DType::kF32;
    weights.stored.bfloat16_by_attribute = as_integer;
    weights.type =
        h5::call("find a type", [&] { return as_integer ? H5T_STD_U16LE : H5T_IEEE_F32LE; });
    const h5::Space space = h5::create_space(Shape(kind.rank, 1));
    const h5::Plist creation = h5::create_plist(H5P_DATASET_CREATE);
    h5::call("set the order of attributes",
             [&] { return H5Pset_attr_creation_order(creation.get(), kind.form.attribute_order); });
    const h5::Dataset dataset(h5::call("make a dataset", [&] {
        return H5Dcreate2(root.get(), "dataset", weights.type, space.get(), H5P_DEFAULT,
                          creation.get(), H5P_DEFAULT);
    }));
    make_attributes(dataset.get(), kind.attributes);
    const Checkpoint nothing;
    const haddr_t place = StandInMaker(nothing).make(dataset.get(), H5O_TYPE_DATASET,
                                                     {root.get(), "group", "/group", H5P_DEFAULT});
    set_version(file.get(), lowest_version(kind.form.superblock));
    const auto group = h5::open_at<h5::Group>(file.get(), place, "/group");
    const PalettizedTensor tensor = tiny_tensor(geometry, spec, kind.dtype);
    write_group_attributes(group.get(), tensor, kind.spec_json);
    IndexStorages storages;
    write_indices(group.get(), with_chunks(geometry, spec.n_bits), storages,
                  {true, [](std::size_t) {}});
    write_luts(group.get(), tensor, weights, kind.spec_json);
    return size_with_members(group.get());
}

const StructureSize& measured(const Kind& kind, const Geometry& geometry,
                              const PalettizationSpec& spec) {
    static std::mutex one_at_a_time;
    static auto* const known = new std::map<Kind, StructureSize>;  // never deleted, like the lock
    const std::lock_guard lock(one_at_a_time);
    const auto [found, is_new] = known->try_emplace(kind);
    if (is_new) found->second = measure(kind, geometry, spec);
    return found->second;
}

}  // namespace

StructureSize palettized_structure(const DatasetInfo& dataset, const Geometry& geometry,
                                   const PalettizationSpec& spec, DType dtype) {
    Kind kind;
    kind.form = dataset.form;
    kind.rank = geometry.shape.size();
    kind.chunks = are_few(geometry) ? 0 : ChunkGrid(geometry).count();
    kind.spec_json = spec_to_json(spec);
    kind.dtype = dtype;
    kind.bfloat16_by_attribute = dataset.stored_type.starts_with("bfloat16 (as");
    kind.more_dims = (geometry.output_dims > 1 ? 1U : 0U) + (geometry.group_dims > 1 ? 1U : 0U);
    kind.attributes = dataset.attributes;
    StructureSize size = measured(kind, geometry, spec);
    size.heaps.add(dataset.storage_text_bytes);
    return size;
}

StructureSize documents_structure(FormatForm root, AttributeSizes root_attributes) {
    const h5::File file = file_in_memory(root);
    const h5::Group group = h5::open_group(file.get(), "/");
    // The first link takes a block that the root has already.
    h5::call("make a link",
             [&] { return H5Lcreate_soft("/", group.get(), "link", H5P_DEFAULT, H5P_DEFAULT); });
    make_attributes(group.get(), root_attributes);
    const StructureSize before = size_of(group.get());
    write_documents(group.get(), "{}", 1);
    h5::write_integers(group.get(), "h5palettize_complete", {1}, true);
    StructureSize size = size_of(group.get());
    const h5::Group documents = h5::open_group(group.get(), h5::kDocumentGroup);
    const StructureSize own = size_with_members(documents.get());
    size.bytes = size.bytes - before.bytes + own.bytes;
    return size;
}

}  // namespace pal
