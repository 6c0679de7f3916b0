// What differs between two checkpoints outside palettized tensors.
#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

#include "io/compare/compare_chunks.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/hdf5_types.hpp"
#include "io/h5/plausible.hpp"
#include "io/h5/raw_value.hpp"
#include "io/h5/storage.hpp"
#include "io/read/checkpoint.hpp"
#include "io/read/describe_palettized.hpp"
#include "io/read/foreign_documents.hpp"
#include "io/read/references.hpp"
#include "io/write/checkpoint_writer.hpp"

namespace pal {

namespace {

bool equal_types(hid_t a, hid_t b) {
    return h5::call("compare types", [&] { return H5Tequal(a, b); }) > 0;
}
bool equal_spaces(hid_t a, hid_t b) {
    return h5::call("compare shapes", [&] { return H5Sextent_equal(a, b); }) > 0;
}

/// Without slashes that say nothing, as the library writes the values of soft links.
std::string plain_path(const std::string& path) {
    std::string plain;
    for (const char c : path) {
        if (c != '/' || plain.empty() || plain.back() != '/') plain += c;
    }
    if (plain.size() > 1 && plain.back() == '/') plain.pop_back();
    return plain;
}

class Comparison {
  public:
    Comparison(const Checkpoint& original, const Checkpoint& derived)
        : original_(original), derived_(derived) {}

    std::vector<std::string> run() {
        const h5::Object a = h5::open_object(original_.file.get(), "/");
        const h5::Object b = h5::open_object(derived_.file.get(), "/");
        partners_[h5::object_info(a.get()).addr] = h5::object_info(b.get()).addr;
        compare_attributes(a.get(), b.get(), "/");
        compare_comments(a.get(), b.get(), "/");
        compare_members(a.get(), b.get(), "/", 1);
        for (const auto& compare : deferred_) compare();
        if (derived_.has_format) {
            for (std::string& line : foreign_documents(b.get())) lines_.push_back(std::move(line));
        }
        if (original_.info.user_block_bytes != derived_.info.user_block_bytes) {
            differs("/", "user block of another size");
        } else if (!h5::same_head(original_.raw, derived_.raw, original_.info.user_block_bytes)) {
            differs("/", "another user block");
        }
        return std::move(lines_);
    }

  private:
    void differs(const std::string& path, const std::string& what) {
        lines_.push_back(path + ": " + what);
    }

    std::vector<h5::Link> links(const Checkpoint& file, hid_t group, const std::string& path) {
        std::vector<h5::Link> found = h5::list_links(group);
        if (file.has_format && path == "/") {
            std::erase_if(found,
                          [](const h5::Link& link) { return link.name == h5::kDocumentGroup; });
        }
        return found;
    }

    void compare_members(hid_t a, hid_t b, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) return differs(path, "nested too deep");
        std::vector<h5::Link> ours = links(original_, a, path);
        std::vector<h5::Link> theirs = links(derived_, b, path);
        const auto same_name = [](const h5::Link& x, const h5::Link& y) {
            return x.name == y.name;
        };
        const auto same_names = [&] {
            return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), same_name);
        };
        if (!same_names() && !tracks_order(a)) {  // a damaged group may list them unsorted
            std::ranges::sort(ours, {}, &h5::Link::name);
            std::ranges::sort(theirs, {}, &h5::Link::name);
        }
        if (!same_names()) {
            name_differences(ours, theirs, path);
            return;
        }
        for (std::size_t i = 0; i < ours.size(); ++i) {
            const std::string at = child_path(path, ours[i].name);
            if (!h5::is_found_by_name(b, theirs[i])) {
                differs(at, "is not found by its name");
            } else if (is_followed(theirs[i], at) && ours[i].type == H5L_TYPE_HARD) {
                theirs[i].address = derived_.address_of(at);
                compare_objects(a, ours[i], theirs[i], at, depth);
            } else if (ours[i].type != theirs[i].type) {
                differs(at, "another type of link");
            } else if (ours[i].type != H5L_TYPE_HARD) {
                const bool soft = ours[i].type == H5L_TYPE_SOFT;
                const std::string from = h5::link_value(a, ours[i]);
                const std::string to = h5::link_value(b, theirs[i]);
                if (soft ? plain_path(from.c_str()) != plain_path(to.c_str()) : from != to) {
                    differs(at, "the link points elsewhere");
                }
            } else {
                compare_objects(a, ours[i], theirs[i], at, depth);
            }
        }
    }

    /// A palettized tensor that lies in another file.
    [[nodiscard]] bool is_followed(const h5::Link& link, const std::string& path) const {
        return link.type == H5L_TYPE_EXTERNAL && derived_.is_linked(derived_.address_of(path));
    }

    static bool tracks_order(hid_t group) {
        const h5::Plist plist(
            h5::call("read group properties", [&] { return H5Gget_create_plist(group); }));
        unsigned order = 0;
        h5::call("read group properties",
                 [&] { return H5Pget_link_creation_order(plist.get(), &order); });
        return (order & H5P_CRT_ORDER_TRACKED) != 0;
    }

    void name_differences(const std::vector<h5::Link>& ours, const std::vector<h5::Link>& theirs,
                          const std::string& path) {
        const auto has = [](const std::vector<h5::Link>& list, const std::string& name) {
            return std::any_of(list.begin(), list.end(),
                               [&](const h5::Link& link) { return link.name == name; });
        };
        const std::size_t before = lines_.size();
        for (const h5::Link& link : ours) {
            if (!has(theirs, link.name)) differs(child_path(path, link.name), "missing");
        }
        for (const h5::Link& link : theirs) {
            if (!has(ours, link.name)) differs(child_path(path, link.name), "not in the original");
        }
        if (lines_.size() == before) differs(path, "links in another order");
    }

    void compare_objects(hid_t a, const h5::Link& ours, const h5::Link& theirs,
                         const std::string& path, std::size_t depth) {
        const auto [partner, is_new] = partners_.emplace(ours.address, theirs.address);
        if (!is_new) {
            if (partner->second != theirs.address)
                differs(path, "no longer a hard link to the same object");
            return;
        }
        const auto left = h5::open_at<h5::Object>(a, ours.address, path);
        const auto right = derived_.open_at<h5::Object>(theirs.address, path);
        compare_attributes(left.get(), right.get(), path);
        compare_comments(left.get(), right.get(), path);
        const bool groups = h5::is_group(left.get());
        const bool datasets = h5::is_dataset(left.get());
        if (datasets && is_palettized(derived_, right.get()))
            return compare_palettized(left.get(), right.get(), path);
        if (is_palettized(original_, left.get()) || is_palettized(derived_, right.get())) return;
        if (groups != h5::is_group(right.get()) || datasets != h5::is_dataset(right.get()))
            return differs(path, "another kind of object");
        if (groups) return compare_members(left.get(), right.get(), path, depth + 1);
        if (datasets) return compare_datasets(left.get(), right.get(), path);
        if (!equal_types(left.get(), right.get())) differs(path, "another datatype");
    }

    /// What restore would make of the group, and that nothing foreign is in it.
    void compare_palettized(hid_t dataset, hid_t group, const std::string& path) {
        const auto stored = h5::read_string_attribute(group, "palettized_storage");
        if (stored != h5::describe_storage(dataset)) {
            differs(path, "palettized_storage is not how the original is stored");
        }
        const h5::Type type = h5::dataset_type(dataset);
        const h5::Type own = h5::copy_type(type.get());
        bool same_type = h5::has_attribute(group, "palettized_storage_type");
        if (same_type) {
            const h5::Attribute attribute = h5::open_attribute(group, "palettized_storage_type");
            const h5::Type remembered = h5::attribute_type(attribute.get());
            same_type = equal_types(own.get(), h5::copy_type(remembered.get()).get());
        }
        if (!same_type) differs(path, "palettized_storage_type is not the original's datatype");
        for (const h5::Link& link : h5::list_links(group)) {
            if (!h5::is_group_member(link.name) || link.type != H5L_TYPE_HARD)
                differs(child_path(path, link.name), "is no part of a palettized tensor");
        }
    }

    std::vector<std::string> attribute_names(const Checkpoint& file, hid_t object,
                                             const std::string& path) {
        std::vector<std::string> names = h5::list_attributes(object);
        if (is_palettized(file, object)) {
            std::erase_if(names,
                          [](const std::string& name) { return h5::is_group_attribute(name); });
        } else if (file.has_format && path == "/") {
            std::erase_if(names,
                          [](const std::string& name) { return h5::is_root_attribute(name); });
        }
        return names;
    }

    void compare_attributes(hid_t a, hid_t b, const std::string& path) {
        const std::vector<std::string> ours = attribute_names(original_, a, path);
        const std::vector<std::string> theirs = attribute_names(derived_, b, path);
        for (const std::string& name : theirs) {
            if (std::find(ours.begin(), ours.end(), name) == ours.end()) {
                differs(path, "attribute '" + name + "' is not in the original");
            }
        }
        for (const std::string& name : ours) {
            if (std::find(theirs.begin(), theirs.end(), name) == theirs.end()) {
                differs(path, "attribute '" + name + "' is missing");
                continue;
            }
            h5::RawValue left = h5::read_raw_attribute(a, name);
            h5::RawValue right = h5::read_raw_attribute(b, name);
            if (!equal_types(left.type(), right.type())) {
                differs(path, "attribute '" + name + "' has another type");
            } else if (!equal_spaces(left.space(), right.space())) {
                differs(path, "attribute '" + name + "' has another shape");
            } else {
                compare_values(std::move(left), std::move(right), path,
                               "attribute '" + name + "' has another value");
            }
        }
    }

    void compare_comments(hid_t a, hid_t b, const std::string& path) {
        if (h5::object_comment(a) != h5::object_comment(b)) differs(path, "another comment");
    }

    void compare_datasets(hid_t a, hid_t b, const std::string& path) {
        const h5::Type left = h5::dataset_type(a);
        const h5::Type right = h5::dataset_type(b);
        const h5::Type left_type = h5::copy_type(left.get());
        const h5::Type right_type = h5::copy_type(right.get());
        const h5::Plist plist = h5::dataset_plist(a);
        const h5::Plist other_plist = h5::dataset_plist(b);
        const h5::Space left_space = h5::own_space(a, plist.get());
        const h5::Space right_space = h5::own_space(b, other_plist.get());
        if (!equal_types(left_type.get(), right_type.get()))
            return differs(path, "another datatype");
        if (!equal_spaces(left_space.get(), right_space.get()))
            return differs(path, "another shape");
        const std::string left_storage = h5::describe_storage(a);
        const std::string right_storage = h5::describe_storage(b);
        if (left_storage != right_storage) {
            differs(path, "stored in another way: " + left_storage + ", now " + right_storage);
        }
        compare_fills(plist.get(), other_plist.get(), left_type.get(), path);
        // Data in other files is theirs to keep: that it is the same place is what a copy owes.
        if (h5::describe_sources(plist.get()) != h5::describe_sources(other_plist.get()))
            return differs(path, "its data is in other places");
        if (!h5::foreign_storage(plist.get()).empty()) return;
        const bool implausible = original_.implausible.contains(h5::object_info(a).addr);
        if (!implausible && h5::can_decode(plist.get())) {
            compare_data(a, b, path);
        } else if (!same_chunks(a, b)) {
            differs(path, "other chunks");
        }
    }

    /// Those that describe_storage() cannot put into words.
    void compare_fills(hid_t a, hid_t b, hid_t type, const std::string& path) {
        if (!h5::holds_references(type) && !h5::holds_variable_length(type)) return;
        auto left = h5::read_fill(a, type);
        auto right = h5::read_fill(b, type);
        if (left && right)
            compare_values(std::move(*left), std::move(*right), path, "another fill value");
    }

    /// A failure names the file and the dataset.
    static h5::RawValue read_block(const h5::RowBlocks& blocks, std::uint64_t block,
                                   const Checkpoint& file, const std::string& path) {
        try {
            return blocks.read(block);
        } catch (const h5::Failure& failure) {
            throw Error(ErrorCode::kInput, file.path + ": " + path + ": " + failure.what());
        }
    }

    void compare_data(hid_t a, hid_t b, const std::string& path) {
        const h5::RowBlocks left(a);
        const h5::RowBlocks right(b);
        for (std::uint64_t block = 0; block < left.count(); ++block) {
            h5::RawValue ours = read_block(left, block, original_, path);
            h5::RawValue theirs = read_block(right, block, derived_, path);
            if (!h5::holds_references(ours.type())) {
                if (h5::equal(ours, theirs)) continue;
                if (!stored_alike(a, b)) differs(path, "other data");
                return;
            }
            compare_values(std::move(ours), std::move(theirs), path, "other data");
        }
    }

    /// Damaged chunks may be shorter than their values: the library decodes what is in memory
    /// behind them, something else each time. What is stored tells then.
    [[nodiscard]] bool stored_alike(hid_t a, hid_t b) const {
        const h5::Plist plist = h5::dataset_plist(a);
        const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist.get()); });
        return filters > 0 && same_chunks(a, b);
    }

    [[nodiscard]] bool same_chunks(hid_t a, hid_t b) const {
        return h5::same_chunks(a, original_.info.file_bytes, b, derived_.info.file_bytes);
    }

    /// References wait until all objects have met their partners: they are the same where they lead
    /// to partners.
    void compare_values(h5::RawValue left, h5::RawValue right, const std::string& path,
                        const std::string& difference) {
        if (!h5::holds_references(left.type())) {
            if (!h5::equal(left, right)) differs(path, difference);
            return;
        }
        auto both = std::make_shared<std::pair<h5::RawValue, h5::RawValue>>(std::move(left),
                                                                            std::move(right));
        deferred_.emplace_back([this, both, path, difference] {
            const auto ours = resolve(both->first, original_.file.get(), &partners_);
            const auto theirs = resolve(both->second, derived_.file.get(), nullptr);
            if (ours != theirs || !h5::equal(both->first, both->second)) differs(path, difference);
        });
    }

    /// Puts the object that each reference leads to in its place, or the partner of that, and
    /// returns the regions, in order.
    static std::vector<std::string> resolve(h5::RawValue& value, hid_t file,
                                            const std::map<haddr_t, haddr_t>* partners) {
        std::vector<std::string> regions;
        for_each_reference(value, [&](H5R_type_t kind, unsigned char* bytes) {
            haddr_t object = kind == H5R_OBJECT ? object_of(bytes) : 0;
            if (kind == H5R_DATASET_REGION) {
                const Region region = region_of(file, bytes);
                object = region.object;
                regions.push_back(object == 0 ? "" : h5::encoded(region.selection));
                std::memset(bytes, 0, sizeof(hdset_reg_ref_t));
            }
            if (partners != nullptr && object != 0) {
                const auto found = partners->find(object);
                object = found == partners->end() ? HADDR_UNDEF : found->second;
            }
            std::memcpy(bytes, &object, sizeof object);
        });
        return regions;
    }

    const Checkpoint& original_;
    const Checkpoint& derived_;
    std::map<haddr_t, haddr_t> partners_;
    std::vector<std::function<void()>> deferred_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> compare_untouched(const CheckpointReader& original,
                                           const CheckpointReader& derived) {
    try {
        std::vector<std::string> lines;
        const auto bytes = std::max(original.info().file_bytes,
                                    derived.info().file_bytes + derived.impl().linked_bytes);
        with_memory_fence(most_library_bytes(bytes),
                          [&] { lines = Comparison(original.impl(), derived.impl()).run(); });
        return lines;
    } catch (const h5::Failure& failure) {
        throw Error(ErrorCode::kInput, derived.info().file + ": " + failure.what());
    }
}

}  // namespace pal
