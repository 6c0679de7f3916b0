#include "io/read/scan.hpp"

#include <algorithm>

#include "io/h5/attributes.hpp"
#include "io/h5/chunk_layout.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/hdf5_types.hpp"
#include "io/h5/plausible.hpp"
#include "io/h5/raw_value.hpp"
#include "io/read/describe_palettized.hpp"
#include "io/read/keras.hpp"
#include "io/read/marks.hpp"
#include "io/read/references.hpp"

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
    explicit Scanner(Checkpoint& impl) : impl_(impl) {}

    void run() {
        const h5::Group root = h5::open_group(impl_.file.get(), "/");
        const haddr_t address = h5::object_info(root.get()).addr;
        visited_[address] = Found::kOther;
        note_attributes(root.get(), "/", address);
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
            // No path of the library's leads to it.
            if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos) {
                note_unsupported("link '" + link.name + "' of " + path +
                                 ": no link can have that name, the file is damaged");
                continue;
            }
            if (link.type == H5L_TYPE_EXTERNAL) visit_external(group, link, at);
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
        const auto reserved =
            named(path, [&] { return note_attributes(object.get(), path, address); });
        if (h5::is_dataset(object.get())) {
            known->second = Found::kDataset;
            paths_[address].push_back(path);
            datasets_[address] = named(path, [&] { return describe(object.get(), path, address); });
            datasets_[address].reserved_attribute = reserved;
        } else if (is_palettized(impl_, object.get())) {
            known->second = Found::kPalettized;
            paths_[address].push_back(path);
            note_tensor(object.get(), path, address);
        } else if (h5::is_group(object.get())) {
            walk(object.get(), path, depth + 1);
        } else if (h5::is_datatype(object.get())) {
            note_type(object.get(), path);
        }
    }

    void note_tensor(hid_t group, const std::string& path, haddr_t address) {
        const auto described = [&] { return describe_palettized(group, path); };
        const auto& tensor = tensors_.emplace(address, named(path, described)).first->second;
        impl_.info.dense_bytes += tensor.dense_bytes;
    }

    void note_type(hid_t type, const std::string& path) {
        if (h5::is_damaged(type)) note_unsupported(path + ": its type is damaged");
    }

    /// Shape and bytes.
    static DatasetInfo claimed_size(const h5::Space& space, hid_t type, const std::string& path) {
        DatasetInfo info;
        info.shape = h5::space_shape(space.get());
        const Shape largest = h5::space_largest(space.get());
        for (std::size_t d = 0; d < largest.size(); ++d) {
            if (info.shape[d] <= largest[d]) continue;
            throw Error(ErrorCode::kInput, path + ": the shape " + shape_to_string(info.shape) +
                                               " is beyond the largest that it may have; the file "
                                               "is damaged");
        }
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
        const h5::Plist plist = h5::dataset_plist(dataset);
        const h5::Space space = impl_.options.follow_external ? h5::dataset_space(dataset)
                                                              : h5::own_space(dataset, plist.get());
        DatasetInfo info = claimed_size(space, type.get(), path);
        const h5::StoredType stored = h5::classify_type(type.get(), dataset);
        info.stored_type = stored.name;
        info.dtype = stored.dtype;
        describe_storage(plist.get(), path, info);
        (void)h5::fill_time(plist.get());  // refused where they are none, as copies have them too
        (void)h5::alloc_time(plist.get());
        note_damage(dataset, type.get(), path, address, info);
        if (stored.dtype) {
            const auto offset = offset_of(dataset, info);
            impl_.weights[address] = {stored, kept_type(type.get()), offset};
            if (info.storage == "contiguous") {
                info.bytes_in_file = offset ? info.bytes : 0;
            } else if (info.unreadable.empty()) {
                info.bytes_in_file = h5::storage_bytes(dataset);
            }
            return info;
        }
        note_type(type.get(), path);
        if (h5::holds_references(type.get())) {
            note_references(plist.get(), type.get(), {address, path, ""}, info);
        }
        if (h5::holds_variable_length(type.get()))
            note_variable_length(plist.get(), address, path, info);
        return info;
    }

    /// What cannot be there is not read, and what cannot be copied is no checkpoint.
    void note_damage(hid_t dataset, hid_t type, const std::string& path, haddr_t address,
                     DatasetInfo& info) {
        if (!info.unreadable.empty()) return;
        if (info.storage.starts_with("chunked"))
            info.unreadable = implausible_chunks(info, impl_.info.file_bytes);
        if (!info.unreadable.empty()) impl_.implausible.insert(address);
        if (info.storage.starts_with("chunked") && info.unreadable.empty()) {
            const std::string damage = damage_of_index(dataset, impl_.info.file_bytes);
            if (info.dtype) info.unreadable = damage;
            // What is copied is not looked at.
            if (!info.dtype && !damage.empty())
                note_unsupported(path + ": " + damage + "; the file is damaged");
        }
        const bool in_one_piece = info.storage == "contiguous" || info.storage == "compact";
        if (in_one_piece && !h5::holds_variable_length(type)) {
            info.unreadable = implausible_storage(dataset, info, impl_.info.file_bytes);
            if (!info.unreadable.empty()) {
                info.unreadable += "; the file is damaged";
                note_unsupported(path + ": " + info.unreadable);
            }
        }
        info.damaged = !info.unreadable.empty();
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
        return h5::file_offset(dataset);
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

    void describe_storage(hid_t plist, const std::string& path, DatasetInfo& info) {
        const H5D_layout_t layout = h5::call("read a layout", [&] { return H5Pget_layout(plist); });
        const std::string foreign = h5::foreign_storage(plist);
        info.storage = !foreign.empty()           ? foreign
                       : layout == H5D_COMPACT    ? "compact"
                       : layout == H5D_CONTIGUOUS ? "contiguous"
                                                  : "chunked";
        if (layout == H5D_CHUNKED) describe_chunks(plist, info);
        if (!foreign.empty()) info.unreadable = why_not_followed(plist, foreign, info.bytes);
        for (const std::string& source : h5::sources_in_own_file(plist)) {
            read_by_[source.starts_with('/') ? source : "/" + source] = path;
        }
        describe_filters(plist, info);
    }

    /// Empty where it is followed.
    [[nodiscard]] std::string why_not_followed(hid_t plist, const std::string& foreign,
                                               std::uint64_t bytes) const {
        const std::string what = "its data is in other files (" + foreign + " storage)";
        if (!impl_.options.follow_external) return what + "; --follow-external reads them";
        const std::string missing = h5::missing_source(plist, impl_.path, bytes);
        return missing.empty() ? "" : what + ": " + missing;
    }

    void describe_filters(hid_t plist, DatasetInfo& info) const {
        const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist); });
        for (int i = 0; i < filters; ++i) {
            std::size_t value_count = 0;
            const H5Z_filter_t filter = h5::call("read filters", [&] {
                return H5Pget_filter2(plist, static_cast<unsigned>(i), nullptr, &value_count,
                                      nullptr, 0, nullptr, nullptr);
            });
            const std::string name = h5::filter_name(filter);
            info.storage += " " + name;
            if (h5::call("look for a filter", [&] { return H5Zfilter_avail(filter); }) > 0)
                continue;
            info.unreadable =
                "its filter " + name + " is not available here" +
                (impl_.options.allow_plugins
                     ? "; set HDF5_PLUGIN_PATH to a folder that has it"
                     : "; --allow-plugins loads it from a folder of HDF5_PLUGIN_PATH");
        }
    }

    void note_variable_length(hid_t plist, haddr_t address, const std::string& path,
                              const DatasetInfo& info) {
        H5D_fill_value_t fill = H5D_FILL_VALUE_DEFAULT;
        h5::call("read a fill value", [&] { return H5Pfill_value_defined(plist, &fill); });
        if (fill == H5D_FILL_VALUE_USER_DEFINED) impl_.delicate_fills.insert(address);
        // H5Ocopy crashes where it cannot decode the chunks.
        if (!info.unreadable.empty() && h5::foreign_storage(plist).empty()) {
            note_unsupported("the variable-length data of " + path + ": " + info.unreadable);
        }
    }

    /// Returns the first attribute that has a name of the format's own; empty where none has.
    std::string note_attributes(hid_t object, const std::string& path, haddr_t address) {
        std::string reserved;
        for (const std::string& name : h5::list_attributes(object)) {
            if (reserved.empty() && h5::is_group_attribute(name)) reserved = name;
            const h5::Attribute attribute = h5::open_attribute(object, name);
            const h5::Type type = h5::attribute_type(attribute.get());
            if (h5::is_damaged(type.get())) {
                note_unsupported("attribute '" + name + "' of " + path + ": its type is damaged");
            }
            if (h5::holds_references(type.get())) impl_.references.push_back({address, path, name});
        }
        return reserved;
    }

    static bool fill_value_refers(hid_t plist, hid_t type) {
        std::optional<h5::RawValue> fill = h5::read_fill(plist, type);
        bool refers = false;
        if (fill) {
            for_each_reference(*fill, [&](H5R_type_t, const unsigned char* bytes) {
                refers = refers || object_of(bytes) != 0;
            });
        }
        return refers;
    }
    /// A copy holds them for its own objects, and so must decode and write them.
    void note_references(hid_t plist, hid_t type, ReferencePlace place, const DatasetInfo& info) {
        if (fill_value_refers(plist, type)) impl_.delicate_fills.insert(place.object);
        if (!info.unreadable.empty()) {
            note_unsupported("the references in " + place.path + ": " + info.unreadable);
        }
        if (h5::foreign_storage(plist).empty()) impl_.references.push_back(std::move(place));
    }
    void visit_external(hid_t group, const h5::Link& link, const std::string& path) {
        const ExternalTarget target = h5::external_target(h5::link_value(group, link), path);
        if (impl_.has_format && impl_.options.follow_external && is_tensor_of(target, path)) return;
        if (impl_.info.external_link_count++ > 0) return;
        impl_.info.first_external_link = path + " to " + target.object + " of " + target.file;
    }

    /// Whether a palettized tensor of another file is there; it is one of this file then.
    bool is_tensor_of(const ExternalTarget& target, const std::string& path) {
        const std::pair place(target.file, target.object);
        auto known = impl_.linked.find(place);
        if (known == impl_.linked.end()) {
            h5::Object object;
            const bool is_there = h5::succeeds([&] {
                object = h5::Object(H5Oopen(impl_.file.get(), path.c_str(), H5P_DEFAULT));
                return object.get();
            });
            if (!is_there || !is_palettized(impl_, object.get())) return false;
            const haddr_t number = HADDR_UNDEF - 1 - impl_.linked.size();
            note_tensor(object.get(), path, number);
            impl_.linked_bytes += tensors_.at(number).bytes_stored;
            known = impl_.linked.emplace(place, number).first;
        }
        paths_[known->second].push_back(path);
        return true;
    }
    /// A source that became a group would leave its virtual dataset with fill values, silently.
    void note_virtual_readers() {
        for (const auto& [source, reader] : read_by_) {
            const auto found = datasets_.find(impl_.address_of(source));
            if (found != datasets_.end()) {
                found->second.virtual_reader = reader;
                continue;
            }
            note_unsupported("virtual dataset " + reader + ": it reads '" + source +
                             "' of its own file, and no dataset has that very name");
        }
    }
    void note_unsupported(const std::string& what) {
        if (impl_.info.unsupported.empty()) impl_.info.unsupported = what;
    }

    void finish() {
        for (auto& [address, paths] : paths_) {
            std::sort(paths.begin(), paths.end());
            for (const std::string& path : paths) impl_.addresses[path] = address;
        }
        note_virtual_readers();
        for (auto& [address, paths] : paths_) {
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

    Checkpoint& impl_;
    std::map<haddr_t, Found> visited_;
    std::map<haddr_t, std::vector<std::string>> paths_;
    std::map<haddr_t, DatasetInfo> datasets_;
    std::map<haddr_t, PalettizedTensorInfo> tensors_;
    std::map<std::string, std::string> read_by_;  // source -> virtual dataset of the same file
};

}  // namespace

void scan_checkpoint(Checkpoint& impl) {
    const h5::Group root = h5::open_group(impl.file.get(), "/");
    read_marks(impl, root.get());
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
