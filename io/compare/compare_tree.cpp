#include "io/compare/compare_tree.hpp"

#include <algorithm>

#include "io/compare/compare_attributes.hpp"
#include "io/compare/compare_datasets.hpp"
#include "io/compare/compare_palettized.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/read/describe_palettized.hpp"
#include "io/read/dropped.hpp"

namespace pal {

namespace {

using LinkList = std::vector<h5::Link>;

/// Lists the links of a group that count: not the documents of a palettized file.
LinkList links_of(const Checkpoint& checkpoint, hid_t group, const std::string& path) {
    LinkList found = kept_links(checkpoint, group, path);
    if (checkpoint.has_format && path == "/") {
        std::erase_if(found, [](const h5::Link& link) { return link.name == h5::kDocumentGroup; });
    }
    return found;
}

bool tracks_order(hid_t group) {
    const h5::Plist plist(
        h5::call("read group properties", [&] { return H5Gget_create_plist(group); }));
    unsigned order = 0;
    h5::call("read group properties",
             [&] { return H5Pget_link_creation_order(plist.get(), &order); });
    return (order & H5P_CRT_ORDER_TRACKED) != 0;
}

std::vector<std::string> names_of(const LinkList& links) {
    std::vector<std::string> names;
    for (const h5::Link& link : links) names.push_back(link.name);
    return names;
}

bool same_names(const LinkList& ours, const LinkList& theirs) {
    return std::ranges::equal(ours, theirs, {}, &h5::Link::name, &h5::Link::name);
}

void report_names(Comparison& comparison, const LinkList& ours, const LinkList& theirs,
                  const std::string& path) {
    const std::size_t before = comparison.lines.size();
    for (const std::string& name : names_only_in(names_of(ours), names_of(theirs)))
        comparison.differs(child_path(path, name), "missing");
    for (const std::string& name : names_only_in(names_of(theirs), names_of(ours)))
        comparison.differs(child_path(path, name), "not in the original");
    if (comparison.lines.size() == before) comparison.differs(path, "links in another order");
}

/// Removes slashes without a meaning, as the library does where it writes a soft link.
std::string plain_path(const std::string& path) {
    std::string plain;
    for (const char c : path) {
        if (c != '/' || plain.empty() || plain.back() != '/') plain += c;
    }
    if (plain.size() > 1 && plain.back() == '/') plain.pop_back();
    return plain;
}

/// Compares the targets of two soft or two external links.
bool same_target(hid_t a, const h5::Link& ours, hid_t b, const h5::Link& theirs) {
    const std::string from = h5::link_value(a, ours);
    const std::string to = h5::link_value(b, theirs);
    if (ours.type != H5L_TYPE_SOFT) return from == to;
    return plain_path(from.c_str()) == plain_path(to.c_str());
}

class TreeComparison {
  public:
    explicit TreeComparison(Comparison& comparison) : comparison_(comparison) {}

    void run() {
        const h5::Object a = h5::open_object(comparison_.original.file.get(), "/");
        const h5::Object b = h5::open_object(comparison_.derived.file.get(), "/");
        comparison_.partners[h5::object_info(a.get()).addr] = h5::object_info(b.get()).addr;
        compare_attributes(comparison_, a.get(), b.get(), "/");
        compare_comments(comparison_, a.get(), b.get(), "/");
        compare_members(a.get(), b.get(), "/", 1);
    }

  private:
    void compare_members(hid_t a, hid_t b, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) return comparison_.differs(path, "nested too deep");
        LinkList ours = links_of(comparison_.original, a, path);
        LinkList theirs = links_of(comparison_.derived, b, path);
        if (!same_names(ours, theirs) && !tracks_order(a)) {
            // A damaged group may list them unsorted.
            std::ranges::sort(ours, {}, &h5::Link::name);
            std::ranges::sort(theirs, {}, &h5::Link::name);
        }
        if (!same_names(ours, theirs)) return report_names(comparison_, ours, theirs, path);
        for (std::size_t i = 0; i < ours.size(); ++i)
            compare_links(a, ours[i], b, theirs[i], child_path(path, ours[i].name), depth);
    }

    void compare_links(hid_t a, const h5::Link& ours, hid_t b, const h5::Link& theirs,
                       const std::string& path, std::size_t depth) {
        const bool hard = ours.type == H5L_TYPE_HARD;
        if (!h5::is_found_by_name(b, theirs)) {
            comparison_.differs(path, "is not found by its name");
        } else if (hard && leads_to_linked_tensor(theirs, path)) {
            compare_objects(a, ours.address, comparison_.derived.address_of(path), path, depth);
        } else if (ours.type != theirs.type) {
            comparison_.differs(path, "another type of link");
        } else if (ours.character_set != theirs.character_set) {
            comparison_.differs(path, "the link's name has another character set");
        } else if (hard) {
            compare_objects(a, ours.address, theirs.address, path, depth);
        } else if (!same_target(a, ours, b, theirs)) {
            comparison_.differs(path, "the link points elsewhere");
        }
    }

    /// Returns true for a link to a palettized tensor of another file that the reader follows.
    [[nodiscard]] bool leads_to_linked_tensor(const h5::Link& link, const std::string& path) const {
        const Checkpoint& derived = comparison_.derived;
        return link.type == H5L_TYPE_EXTERNAL && derived.is_linked(derived.address_of(path));
    }

    /// Compares the objects at two addresses, once. file: any object of the original.
    void compare_objects(hid_t file, haddr_t ours, haddr_t theirs, const std::string& path,
                         std::size_t depth) {
        const auto [partner, is_new] = comparison_.partners.emplace(ours, theirs);
        if (!is_new) {
            if (partner->second != theirs)
                comparison_.differs(path, "no longer a hard link to the same object");
            return;
        }
        const auto a = h5::open_at<h5::Object>(file, ours, path);
        const auto b = comparison_.derived.open_at<h5::Object>(theirs, path);
        compare_attributes(comparison_, a.get(), b.get(), path);
        compare_comments(comparison_, a.get(), b.get(), path);
        compare_contents(a.get(), b.get(), path, depth);
    }

    void compare_contents(hid_t a, hid_t b, const std::string& path, std::size_t depth) {
        const bool groups = h5::is_group(a);
        const bool datasets = h5::is_dataset(a);
        if (datasets && is_palettized(comparison_.derived, b))
            return compare_palettized(comparison_, a, b, path);
        if (is_palettized(comparison_.original, a) || is_palettized(comparison_.derived, b)) return;
        if (groups != h5::is_group(b) || datasets != h5::is_dataset(b))
            return comparison_.differs(path, "another kind of object");
        if (groups) return compare_members(a, b, path, depth + 1);
        if (datasets) return compare_datasets(comparison_, a, b, path);
        if (!h5::equal_types(a, b)) comparison_.differs(path, "another datatype");
    }

    Comparison& comparison_;
};

}  // namespace

void compare_tree(Comparison& comparison) { TreeComparison(comparison).run(); }

}  // namespace pal
