#include "io/read/scan.hpp"

#include <algorithm>

#include "io/h5/attributes.hpp"
#include "io/read/describe_dataset.hpp"
#include "io/read/describe_palettized.hpp"
#include "io/read/dropped.hpp"
#include "io/read/keras.hpp"
#include "io/read/marks.hpp"

namespace pal {

namespace {

/// Returns read(); a failed library call becomes an Error that names `path`.
template <class Read>
auto named(const std::string& path, const Read& read) {
    try {
        return read();
    } catch (const h5::Failure& failure) {
        throw failure.in(path);
    }
}

/// Datasets and palettized tensors that the walk has met, by address.
struct FoundObjects {
    std::map<haddr_t, std::vector<std::string>> paths;  // every hard link to each of them
    std::map<haddr_t, DatasetInfo> datasets;
    std::map<haddr_t, PalettizedTensorInfo> tensors;
    VirtualReaders virtual_readers;
};

/// Walks the tree, visits every object once and describes it.
class TreeWalk {
  public:
    explicit TreeWalk(Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

    FoundObjects run() {
        const h5::Group root = h5::open_group(checkpoint_.file.get(), "/");
        const haddr_t address = h5::object_info(root.get()).addr;
        visited_[address] = Kind::kOther;
        groups_[address] = "";
        checkpoint_.info.root_attributes = note_attributes(root.get(), "/", address).sizes;
        note_root(root.get());
        walk_group(root.get(), "/", 1);
        count_dropped();
        return std::move(found_);
    }

  private:
    enum class Kind { kOther, kDataset, kPalettized };

    void walk_group(hid_t group, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) {
            throw Error(ErrorCode::kInput, "groups are nested more than " +
                                               std::to_string(kMaxDepth) +
                                               " deep; that is no checkpoint");
        }
        std::vector<h5::Link> links = named(path, [&] { return h5::list_links(group); });
        note_name_bytes(links);
        const auto first_dropped =
            std::stable_partition(links.begin(), links.end(), [&](const h5::Link& link) {
                return !checkpoint_.options.dropped.contains(child_path(path, link.name));
            });
        const std::vector<h5::Link> dropped(first_dropped, links.end());
        links.erase(first_dropped, links.end());
        for (const h5::Link& link : dropped)
            note_dropped(checkpoint_, link, child_path(path, link.name), depth);
        checkpoint_.info.structure_bytes +=
            named(path, [&] { return h5::remade_group_bytes(group, links, dropped); });
        for (const h5::Link& link : links) visit_link(group, link, path, depth);
    }

    /// Counts the dropped objects. An object that another link leads to is none.
    void count_dropped() {
        Dropped& dropped = checkpoint_.info.dropped;
        dropped.links = checkpoint_.options.dropped;
        std::erase_if(checkpoint_.dropped,
                      [&](const auto& object) { return visited_.contains(object.first); });
        for (const auto& [address, bytes] : checkpoint_.dropped) {
            dropped.datasets += bytes ? 1 : 0;
            dropped.bytes += bytes.value_or(0);
        }
    }

    /// In the file each name ends with a zero and takes a multiple of 8 bytes.
    void note_name_bytes(const std::vector<h5::Link>& links) {
        std::size_t bytes = 0;
        for (const h5::Link& link : links) bytes += link.name.size() / 8 * 8 + 8;
        checkpoint_.largest_name_bytes = std::max(checkpoint_.largest_name_bytes, bytes);
    }

    void note_root(hid_t root) {
        const H5F_info2_t file = h5::file_info(checkpoint_.file.get());
        const H5O_info_t info = h5::object_info(root);
        checkpoint_.info.root = {file.super.version, info.hdr.version, h5::attribute_order(info)};
        checkpoint_.info.structure_bytes +=
            checkpoint_.info.user_block_bytes + file.super.super_size + file.super.super_ext_size;
    }

    void visit_link(hid_t group, const h5::Link& link, const std::string& path, std::size_t depth) {
        // The library finds no path through such a name.
        if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos) {
            return checkpoint_.note_unsupported(
                "link '" + link.name + "' of " + path +
                ": no link can have that name, the file is damaged");
        }
        const std::string at = child_path(path, link.name);
        if (link.type == H5L_TYPE_EXTERNAL) return visit_external_link(group, link, at);
        if (link.type == H5L_TYPE_SOFT) return;
        if (link.type != H5L_TYPE_HARD)
            return checkpoint_.note_unsupported("a user-defined link at " + at);
        if (checkpoint_.has_format && path == "/" && link.name == h5::kDocumentGroup) return;
        visit_object(at, link.address, depth);
    }

    void visit_object(const std::string& path, haddr_t address, std::size_t depth) {
        const auto [known, is_new] = visited_.emplace(address, Kind::kOther);
        if (!is_new) {
            if (known->second != Kind::kOther) {
                found_.paths[address].push_back(path);
            } else if (const auto group = groups_.find(address); group != groups_.end()) {
                checkpoint_.info.group_aliases.emplace_back(path, group->second);
            }
            return;
        }
        const h5::Object object = h5::open_at<h5::Object>(checkpoint_.file.get(), address, path);
        const FoundAttributes attributes =
            named(path, [&] { return note_attributes(object.get(), path, address); });
        if (h5::is_dataset(object.get())) {
            known->second = Kind::kDataset;
            found_.paths[address].push_back(path);
            note_dataset({object.get(), path, address}, attributes);
        } else if (is_palettized(checkpoint_, object.get())) {
            known->second = Kind::kPalettized;
            found_.paths[address].push_back(path);
            note_tensor(object.get(), path, address);
        } else if (h5::is_group(object.get())) {
            groups_.emplace(address, path);
            walk_group(object.get(), path, depth + 1);
        } else if (h5::is_datatype(object.get())) {
            note_damaged_type(checkpoint_, object.get(), path);
            checkpoint_.info.structure_bytes += h5::copied_bytes(object.get());
        }
    }

    struct FoundAttributes {
        std::string reserved;  // the first one with a name that palettized tensors need
        bool is_used_scale = false;
        AttributeSizes sizes;  // in a group, where some have other names
    };

    /// Notes which attributes hold references or have damaged types.
    FoundAttributes note_attributes(hid_t object, const std::string& path, haddr_t address) {
        FoundAttributes found;
        for (const std::string& name : h5::list_attributes(object)) {
            if (found.reserved.empty() && h5::is_reserved_attribute(name)) found.reserved = name;
            found.is_used_scale = found.is_used_scale || name == "REFERENCE_LIST";
            const h5::Attribute attribute = h5::open_attribute(object, name);
            const h5::Type type = h5::attribute_type(attribute.get());
            note_damaged_type(checkpoint_, type.get(), "attribute '" + name + "' of " + path);
            if (h5::holds_references(type.get()))
                checkpoint_.references.push_back({address, path, name});
            ++found.sizes.count;
            found.sizes.bytes += h5::attribute_bytes(attribute.get(), h5::name_in_group(name));
            if (h5::holds_variable_length(type.get())) note_heap_bytes(object, name);
        }
        return found;
    }

    /// Values that cannot be read are found when they are copied.
    void note_heap_bytes(hid_t object, const std::string& name) {
        try {
            checkpoint_.info.heaps.add(h5::heap_bytes(h5::read_raw_attribute(object, name)));
        } catch (const h5::Failure&) {
        }
    }

    void note_dataset(const FoundDataset& dataset, const FoundAttributes& attributes) {
        DatasetInfo& info = found_.datasets[dataset.address];
        info = named(dataset.path, [&] {
            return describe_dataset(checkpoint_, dataset, found_.virtual_readers);
        });
        info.reserved_attribute = attributes.reserved;
        info.is_used_scale = attributes.is_used_scale;
        info.attributes = attributes.sizes;
    }

    void note_tensor(hid_t group, const std::string& path, haddr_t address) {
        const auto described = [&] { return describe_palettized(group, path); };
        const auto& tensor = found_.tensors.emplace(address, named(path, described)).first->second;
        checkpoint_.info.dense_bytes += tensor.dense_bytes;
    }

    void visit_external_link(hid_t group, const h5::Link& link, const std::string& path) {
        const ExternalTarget target = h5::external_target(h5::link_value(group, link), path);
        const bool follows = checkpoint_.has_format && checkpoint_.options.follow_external;
        if (follows && note_linked_tensor(target, path)) return;
        if (checkpoint_.info.external_link_count++ > 0) return;
        checkpoint_.info.first_external_link = path + " to " + target.object + " of " + target.file;
    }

    /// Adds a palettized tensor of another file, as if it were one of this file. Returns false if
    /// the link does not lead to one.
    bool note_linked_tensor(const ExternalTarget& target, const std::string& path) {
        const std::pair place(target.file, target.object);
        auto known = checkpoint_.linked.find(place);
        if (known == checkpoint_.linked.end()) {
            const h5::Object object = followed(path);
            if (!object || !is_palettized(checkpoint_, object.get())) return false;
            const haddr_t number = HADDR_UNDEF - 1 - checkpoint_.linked.size();
            note_tensor(object.get(), path, number);
            checkpoint_.linked_bytes += found_.tensors.at(number).bytes_stored;
            known = checkpoint_.linked.emplace(place, number).first;
        }
        found_.paths[known->second].push_back(path);
        return true;
    }

    /// Opens what an external link leads to; nothing where nothing is there.
    [[nodiscard]] h5::Object followed(const std::string& path) const {
        try {
            return h5::Object(h5::open_followed(checkpoint_.file.get(), path));
        } catch (const h5::Failure&) {
            return {};
        } catch (const Error& error) {
            throw error.in(path);
        }
    }

    Checkpoint& checkpoint_;
    std::map<haddr_t, Kind> visited_;
    std::map<haddr_t, std::string> groups_;  // the name that each was met under first
    FoundObjects found_;
};

/// Sorts the names of each object, so that the first in alphabetical order becomes its path.
void list_addresses(Checkpoint& checkpoint, FoundObjects& found) {
    for (auto& [address, paths] : found.paths) {
        std::sort(paths.begin(), paths.end());
        for (const std::string& path : paths) checkpoint.addresses[path] = address;
    }
}

/// Tells whether a path leads to, or through, a dropped link.
bool lies_in_dropped(const Checkpoint& checkpoint, const std::string& path) {
    return std::ranges::any_of(checkpoint.options.dropped, [&](const std::string& link) {
        return path == link || path.starts_with(link + "/");
    });
}

/// Marks datasets that a virtual dataset reads: if one became a group, its reader would silently
/// hold fill values.
void mark_virtual_sources(Checkpoint& checkpoint, FoundObjects& found) {
    for (const auto& [source, reader] : found.virtual_readers) {
        const auto dataset = found.datasets.find(checkpoint.address_of(source));
        if (dataset != found.datasets.end()) {
            dataset->second.virtual_reader = reader;
            continue;
        }
        if (lies_in_dropped(checkpoint, source)) {
            checkpoint.note_unsupported("virtual dataset " + reader + ": it reads " + source +
                                        ", which --drop leaves out; drop both, or none");
            continue;
        }
        checkpoint.note_unsupported("virtual dataset " + reader + ": it reads '" + source +
                                    "' of its own file, and no dataset has that very name");
    }
}

/// Moves what was found into checkpoint.info, sorted by path.
void list_found(Checkpoint& checkpoint, FoundObjects& found) {
    for (auto& [address, paths] : found.paths) {
        if (const auto dataset = found.datasets.find(address); dataset != found.datasets.end()) {
            dataset->second.path = paths.front();
            dataset->second.aliases.assign(paths.begin() + 1, paths.end());
            checkpoint.info.datasets.push_back(std::move(dataset->second));
        } else {
            found.tensors.at(address).path = paths.front();
            checkpoint.info.tensors.push_back(std::move(found.tensors.at(address)));
        }
    }
    const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
    std::sort(checkpoint.info.datasets.begin(), checkpoint.info.datasets.end(), by_path);
    std::sort(checkpoint.info.tensors.begin(), checkpoint.info.tensors.end(), by_path);
}

std::uint64_t user_block_bytes(hid_t file) {
    const h5::Plist plist(
        h5::call("read file properties", [&] { return H5Fget_create_plist(file); }));
    hsize_t bytes = 0;
    h5::call("read the user block", [&] { return H5Pget_userblock(plist.get(), &bytes); });
    return bytes;
}

}  // namespace

void scan_checkpoint(Checkpoint& checkpoint) {
    const hid_t file = checkpoint.file.get();
    const h5::Group root = h5::open_group(file, "/");
    read_marks(checkpoint, root.get());
    checkpoint.info.user_block_bytes = user_block_bytes(file);
    FoundObjects found = TreeWalk(checkpoint).run();
    list_addresses(checkpoint, found);
    mark_virtual_sources(checkpoint, found);
    list_found(checkpoint, found);
    h5::resize_object_cache(file, h5::object_cache_bytes(checkpoint.largest_name_bytes));
    detect_layout(checkpoint);
}

}  // namespace pal
