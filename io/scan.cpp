// The walk over a checkpoint: every object once, by address, and what is known of it.
#include <algorithm>

#include "io/attributes.hpp"
#include "io/chunk_layout.hpp"
#include "io/hdf5_types.hpp"
#include "io/keras.hpp"
#include "io/plausible.hpp"
#include "io/raw_value.hpp"
#include "io/reader_impl.hpp"

namespace pal {

namespace {

/// What `read` returns; a failed library call names `path`.
template <class Read>
auto named(const std::string& path, const Read& read) {
    try {
        return read();
    } catch (const h5::Failure& failure) {
        throw Error(ErrorCode::kInput, path + ": " + failure.what());
    }
}

class Scanner {
  public:
    explicit Scanner(CheckpointReader::Impl& impl) : impl_(impl) {}

    void run() {
        const h5::Group root = h5::open_group(impl_.file.get(), "/");
        visited_[h5::object_info(root.get()).addr] = Found::kOther;
        note_attributes(root.get(), "/");
        walk(root.get(), "/", 1);
        finish();
    }

  private:
    enum class Found { kOther, kDataset, kPalettized };

    void walk(hid_t group, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) {
            throw Error(ErrorCode::kInput, "groups are nested more than " +
                                               std::to_string(kMaxDepth) +
                                               " deep; that is no checkpoint");
        }
        const std::vector<h5::Link> links = named(path, [&] { return h5::list_links(group); });
        note_names(links);
        for (const h5::Link& link : links) {
            const std::string at = child_path(path, link.name);
            if (link.type == H5L_TYPE_SOFT || link.type == H5L_TYPE_EXTERNAL) continue;
            if (link.type != H5L_TYPE_HARD) {
                note_unsupported("a user-defined link at " + at);
                continue;
            }
            if (impl_.has_format && path == "/" && link.name == h5::kDocumentGroup) continue;
            visit(at, link.address, depth);
        }
    }

    /// Names end with a zero and take a multiple of 8 bytes.
    void note_names(const std::vector<h5::Link>& links) {
        std::size_t bytes = 0;
        for (const h5::Link& link : links) bytes += link.name.size() / 8 * 8 + 8;
        impl_.largest_name_bytes = std::max(impl_.largest_name_bytes, bytes);
    }

    void visit(const std::string& path, haddr_t address, std::size_t depth) {
        const auto [known, is_new] = visited_.emplace(address, Found::kOther);
        if (!is_new) {
            if (known->second != Found::kOther) paths_[address].push_back(path);
            return;
        }
        const h5::Object object = h5::open_at<h5::Object>(impl_.file.get(), address, path);
        const auto reserved = named(path, [&] { return note_attributes(object.get(), path); });
        if (h5::is_dataset(object.get())) {
            known->second = Found::kDataset;
            paths_[address].push_back(path);
            datasets_[address] = named(path, [&] { return describe(object.get(), path, address); });
            datasets_[address].reserved_attribute = reserved;
        } else if (h5::is_group(object.get())) {
            if (impl_.has_format && h5::has_attribute(object.get(), "palettized_spec")) {
                known->second = Found::kPalettized;
                paths_[address].push_back(path);
                tensors_[address] =
                    named(path, [&] { return describe_palettized(object.get(), path); });
            } else {
                walk(object.get(), path, depth + 1);
            }
        }
    }

    /// Shape and bytes.
    static DatasetInfo claimed_size(hid_t dataset, hid_t type, const std::string& path) {
        DatasetInfo info;
        const h5::Space space = h5::dataset_space(dataset);
        info.shape = h5::space_shape(space.get());
        const auto points =
            h5::call("read a shape", [&] { return H5Sget_simple_extent_npoints(space.get()); });
        info.element_count = static_cast<std::uint64_t>(points);
        std::size_t element_bytes = 0;
        h5::succeeds([&] { return (element_bytes = H5Tget_size(type)) == 0 ? -1 : 0; });
        if (__builtin_mul_overflow(info.element_count, element_bytes, &info.bytes)) {
            throw Error(ErrorCode::kInput, path + ": the shape " + shape_to_string(info.shape) +
                                               " is larger than any memory; the file is damaged");
        }
        return info;
    }

    DatasetInfo describe(hid_t dataset, const std::string& path, haddr_t address) {
        const h5::Type type = h5::dataset_type(dataset);
        DatasetInfo info = claimed_size(dataset, type.get(), path);
        const h5::StoredType stored = h5::classify_type(type.get(), dataset);
        info.stored_type = stored.name;
        info.dtype = stored.dtype;
        describe_storage(dataset, path, info);
        note_damage(dataset, type.get(), path, address, info);
        if (stored.dtype) {
            impl_.weights[address] = {stored, kept_type(type.get()), offset_of(dataset, info)};
            return info;
        }
        if (h5::holds_references(type.get())) note_references("dataset " + path);
        if (h5::holds_variable_length(type.get())) note_variable_length(dataset, path, info);
        return info;
    }

    /// What cannot be there is not read, and what cannot be copied is no checkpoint.
    void note_damage(hid_t dataset, hid_t type, const std::string& path, haddr_t address,
                     DatasetInfo& info) {
        if (!info.unreadable.empty()) return;
        if (info.storage.starts_with("chunked"))
            info.unreadable = implausible_chunks(info, impl_.info.file_bytes);
        if (!info.unreadable.empty()) impl_.implausible.insert(address);
        if (info.dtype && info.storage.starts_with("chunked") && info.unreadable.empty()) {
            info.unreadable = damage_of_index(dataset, impl_.info.file_bytes);
        }
        const bool in_one_piece = info.storage == "contiguous" || info.storage == "compact";
        if (!in_one_piece || h5::holds_variable_length(type)) return;
        info.unreadable = implausible_storage(dataset, info, impl_.info.file_bytes);
        if (info.unreadable.empty()) return;
        info.unreadable += "; the file is damaged";
        note_unsupported(path + ": " + info.unreadable);
    }

    /// Weights have few types: a copy of each is kept.
    hid_t kept_type(hid_t type) {
        for (const h5::Type& kept : impl_.types) {
            if (h5::call("compare types", [&] { return H5Tequal(kept.get(), type); }) > 0)
                return kept.get();
        }
        impl_.types.push_back(h5::copy_type(type));
        return impl_.types.back().get();
    }

    static std::optional<std::uint64_t> offset_of(hid_t dataset, const DatasetInfo& info) {
        if (info.storage != "contiguous") return std::nullopt;
        haddr_t offset = HADDR_UNDEF;
        h5::succeeds([&] {
            offset = H5Dget_offset(dataset);
            return 0;
        });
        if (offset == HADDR_UNDEF) return std::nullopt;
        return offset;
    }

    static void describe_chunks(hid_t plist, DatasetInfo& info) {
        if (info.element_count == 0) return;
        const Shape chunk = h5::plist_chunk(plist, info.shape.size());
        info.chunk_bytes = element_count(chunk).value_or(0) * (info.bytes / info.element_count);
        const std::size_t in_a_row = ChunkLayout(info.shape, chunk).row_count();
        if (__builtin_mul_overflow(info.chunk_bytes, in_a_row, &info.chunk_row_bytes)) {
            info.chunk_row_bytes = 0;
        }
    }

    void describe_storage(hid_t dataset, const std::string& path, DatasetInfo& info) {
        const h5::Plist plist = h5::dataset_plist(dataset);
        const H5D_layout_t layout =
            h5::call("read a layout", [&] { return H5Pget_layout(plist.get()); });
        info.storage = layout == H5D_COMPACT      ? "compact"
                       : layout == H5D_CONTIGUOUS ? "contiguous"
                       : layout == H5D_CHUNKED    ? "chunked"
                                                  : "virtual";
        const bool external =
            layout == H5D_CONTIGUOUS &&
            h5::call("read external files", [&] { return H5Pget_external_count(plist.get()); }) > 0;
        if (external) info.storage = "external";
        if (layout == H5D_CHUNKED) describe_chunks(plist.get(), info);
        if (external || layout == H5D_VIRTUAL) {
            info.unreadable = "its data is in other files (" + info.storage + " storage)";
            note_unsupported(info.storage + " storage of " + path +
                             " (its data is in other files); repack it into one file first");
        }
        const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist.get()); });
        for (int i = 0; i < filters; ++i) {
            std::size_t value_count = 0;
            const H5Z_filter_t filter = h5::call("read filters", [&] {
                return H5Pget_filter2(plist.get(), static_cast<unsigned>(i), nullptr, &value_count,
                                      nullptr, 0, nullptr, nullptr);
            });
            info.storage += " " + h5::filter_name(filter);
            const bool available =
                h5::call("look for a filter", [&] { return H5Zfilter_avail(filter); }) > 0;
            if (!available) {
                info.unreadable =
                    "filter " + h5::filter_name(filter) +
                    " is not available here; set HDF5_PLUGIN_PATH to a folder that has it";
            }
        }
    }

    /// The indices have the tensor's shape but for one dimension, which cluster_dim divides.
    static void require_plausible_shape(hid_t group, const std::string& path, const Shape& shape) {
        Shape indices;
        for (const h5::Link& link : h5::list_links(group)) {
            if (link.name != "indices" || link.type != H5L_TYPE_HARD) continue;
            const h5::Dataset dataset = h5::open_dataset(group, link.name);
            indices = h5::space_shape(h5::dataset_space(dataset.get()).get());
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

    PalettizedTensorInfo describe_palettized(hid_t group, const std::string& path) {
        PalettizedTensorInfo info;
        info.spec_json = h5::read_string_attribute(group, "palettized_spec").value_or("");
        for (const std::int64_t size :
             h5::read_integers(group, "palettized_shape").value_or(std::vector<std::int64_t>{})) {
            info.shape.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0)));
        }
        require_plausible_shape(group, path, info.shape);
        const std::string name = h5::read_string_attribute(group, "palettized_dtype").value_or("");
        bool known = false;
        for (const DType dtype : {DType::kF16, DType::kBF16, DType::kF32, DType::kF64}) {
            if (dtype_name(dtype) != name) continue;
            info.dtype = dtype;
            known = true;
        }
        if (!known || info.shape.empty()) {
            throw Error(ErrorCode::kInput,
                        path + ": a palettized group without a valid palettized_" +
                            (known ? "shape" : "dtype") + "; the file is damaged");
        }
        for (const h5::Link& link : h5::list_links(group)) {
            if (link.type != H5L_TYPE_HARD) continue;
            const auto member = h5::open_at<h5::Object>(group, link.address, link.name);
            if (!h5::is_dataset(member.get())) continue;
            h5::succeeds([&] {
                info.bytes_stored += H5Dget_storage_size(member.get());
                return 0;
            });
        }
        return info;
    }

    /// H5Ocopy of 1.10 copies such a fill value as a dangling pointer, and crashes where it cannot
    /// decode chunks.
    void note_variable_length(hid_t dataset, const std::string& path, const DatasetInfo& info) {
        const h5::Plist plist = h5::dataset_plist(dataset);
        H5D_fill_value_t fill = H5D_FILL_VALUE_DEFAULT;
        h5::call("read a fill value", [&] { return H5Pfill_value_defined(plist.get(), &fill); });
        if (fill == H5D_FILL_VALUE_USER_DEFINED) {
            note_unsupported("the variable-length fill value of " + path);
        }
        if (!info.unreadable.empty()) {
            note_unsupported("the variable-length data of " + path + ": " + info.unreadable);
        }
    }

    /// Returns the first attribute that has a name of the format's own; empty where none has.
    std::string note_attributes(hid_t object, const std::string& path) {
        std::string reserved;
        for (const std::string& name : h5::list_attributes(object)) {
            if (reserved.empty() && h5::is_group_attribute(name)) reserved = name;
            const h5::Attribute attribute = h5::open_attribute(object, name);
            const h5::Type type = h5::attribute_type(attribute.get());
            if (h5::holds_references(type.get()))
                note_references("attribute '" + name + "' of " + path);
        }
        return reserved;
    }

    void note_references(const std::string& where) {
        note_unsupported("object references in " + where +
                         " (they would point to the wrong place in the copy)");
    }
    void note_unsupported(const std::string& what) {
        if (impl_.info.unsupported.empty()) impl_.info.unsupported = what;
    }

    void finish() {
        for (auto& [address, paths] : paths_) {
            std::sort(paths.begin(), paths.end());
            for (const std::string& path : paths) impl_.addresses[path] = address;
            if (const auto found = datasets_.find(address); found != datasets_.end()) {
                found->second.path = paths.front();
                found->second.aliases.assign(paths.begin() + 1, paths.end());
                impl_.info.datasets.push_back(std::move(found->second));
            } else {
                tensors_.at(address).path = paths.front();
                impl_.info.tensors.push_back(std::move(tensors_.at(address)));
            }
        }
        const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
        std::sort(impl_.info.datasets.begin(), impl_.info.datasets.end(), by_path);
        std::sort(impl_.info.tensors.begin(), impl_.info.tensors.end(), by_path);
    }

    CheckpointReader::Impl& impl_;
    std::map<haddr_t, Found> visited_;
    std::map<haddr_t, std::vector<std::string>> paths_;
    std::map<haddr_t, DatasetInfo> datasets_;
    std::map<haddr_t, PalettizedTensorInfo> tensors_;
};

/// What stands where a palettized file keeps its own: it would be lost on the way there and back.
std::string reserved_name(const CheckpointReader::Impl& impl, hid_t root) {
    if (impl.info.palettized) return "";
    if (impl.has_format) {
        return "is an unfinished palettized file (h5palettize_format without h5palettize_complete "
               "= 1); palettize its original again";
    }
    for (const std::string_view name : h5::kRootAttributes) {
        if (h5::has_attribute(root, std::string(name))) {
            return "the root has an attribute '" + std::string(name) +
                   "', a name that palettized files need; rename it";
        }
    }
    for (const h5::Link& link : h5::list_links(root)) {
        if (link.name == h5::kDocumentGroup) {
            return "holds /" + link.name + ", a name that palettized files need; rename it";
        }
    }
    return "";
}

/// The text of /h5palettize/config, empty where there is none.
std::string read_results(hid_t root) {
    for (const h5::Link& link : h5::list_links(root)) {
        if (link.name != h5::kDocumentGroup || link.type != H5L_TYPE_HARD) continue;
        const h5::Object documents = h5::open_object(root, link.name);
        if (!h5::is_group(documents.get())) continue;
        for (const h5::Link& member : h5::list_links(documents.get())) {
            if (member.name != h5::kConfigDataset || member.type != H5L_TYPE_HARD) continue;
            const h5::Object object = h5::open_object(documents.get(), member.name);
            if (!h5::is_dataset(object.get())) continue;
            const h5::RowBlocks config(object.get());
            if (config.count() == 1) return h5::text_of(config.read(0)).value_or("");
        }
    }
    return "";
}

}  // namespace

void scan_checkpoint(CheckpointReader::Impl& impl) {
    const h5::Group root = h5::open_group(impl.file.get(), "/");
    impl.has_format = h5::has_attribute(root.get(), "h5palettize_format");
    if (impl.has_format) {
        const auto format = h5::read_integers(root.get(), "h5palettize_format");
        if (!format || format->size() != 1 || format->front() != 1) {
            throw Error(
                ErrorCode::kInput,
                format && format->size() == 1
                    ? "h5palettize_format is " + std::to_string(format->front()) +
                          ", this program reads 1; use a newer h5palettize"
                    : "the root's attribute 'h5palettize_format' is not an integer; palettized "
                      "files need that name: rename it");
        }
        const auto complete = h5::read_integers(root.get(), "h5palettize_complete");
        impl.info.palettized = complete && *complete == std::vector<std::int64_t>{1};
        if (impl.info.palettized) impl.info.results_json = read_results(root.get());
    }
    impl.info.reserved = reserved_name(impl, root.get());
    const h5::Plist plist(
        h5::call("read file properties", [&] { return H5Fget_create_plist(impl.file.get()); }));
    hsize_t user_block = 0;
    h5::call("read the user block", [&] { return H5Pget_userblock(plist.get(), &user_block); });
    impl.info.user_block_bytes = user_block;
    Scanner(impl).run();
    h5::resize_object_cache(impl.file.get(), h5::object_cache_bytes(impl.largest_name_bytes));
    detect_layout(impl);
}

}  // namespace pal
