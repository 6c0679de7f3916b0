#include "io/read/dropped.hpp"

#include <algorithm>
#include <utility>

#include "io/guard/memory_fence.hpp"
#include "io/h5/objects.hpp"
#include "io/read/plausible.hpp"

namespace pal {

namespace {

/// Looks for groups of which nothing stays.
class Topmost {
  public:
    Topmost(const Checkpoint& checkpoint, const std::set<std::string>& datasets)
        : checkpoint_(checkpoint), datasets_(datasets) {}

    std::set<std::string> links() {
        const h5::Group root = h5::open_group(checkpoint_.file.get(), "/");
        visited_.insert(h5::object_info(root.get()).addr);
        (void)drops_all(root.get(), "/", 1);
        return std::move(links_);
    }

  private:
    /// Notes the dropped links of a group. Returns true if these are all that it has.
    bool drops_all(hid_t group, const std::string& path, std::size_t depth) {
        std::vector<std::string> dropped;
        const std::vector<h5::Link> links = kept_links(checkpoint_, group, path);
        for (const h5::Link& link : links) {
            const std::string at = child_path(path, link.name);
            if (link.type == H5L_TYPE_HARD && is_dropped(link, at, depth)) dropped.push_back(at);
        }
        const bool all = !links.empty() && dropped.size() == links.size();
        if (!all || path == "/") links_.insert(dropped.begin(), dropped.end());
        return all;
    }

    bool is_dropped(const h5::Link& link, const std::string& path, std::size_t depth) {
        if (datasets_.contains(path)) return true;
        if (depth > kMaxDepth || !visited_.insert(link.address).second) return false;
        const auto object = checkpoint_.open_at<h5::Object>(link.address, path);
        if (!h5::is_group(object.get())) return false;
        return drops_all(object.get(), path, depth + 1);
    }

    const Checkpoint& checkpoint_;
    const std::set<std::string>& datasets_;
    std::set<haddr_t> visited_;
    std::set<std::string> links_;
};

}  // namespace

std::vector<h5::Link> kept_links(const Checkpoint& checkpoint, hid_t group,
                                 const std::string& path) {
    std::vector<h5::Link> links = h5::list_links(group);
    if (checkpoint.options.dropped.empty()) return links;
    std::erase_if(links, [&](const h5::Link& link) {
        return checkpoint.options.dropped.contains(child_path(path, link.name));
    });
    return links;
}

void note_dropped(Checkpoint& checkpoint, const h5::Link& link, const std::string& path,
                  std::size_t depth) {
    if (depth > kMaxDepth) throw Error(ErrorCode::kInput, path + ": groups are nested too deep");
    if (link.type != H5L_TYPE_HARD) return;
    const auto [known, is_new] = checkpoint.dropped.try_emplace(link.address);
    if (!is_new) return;
    const auto object = checkpoint.open_at<h5::Object>(link.address, path);
    if (h5::is_dataset(object.get())) known->second = h5::storage_bytes(object.get());
    if (!h5::is_group(object.get())) return;
    for (const h5::Link& member : h5::list_links(object.get()))
        note_dropped(checkpoint, member, child_path(path, member.name), depth + 1);
}

std::set<std::string> topmost_links(const Checkpoint& checkpoint,
                                    const std::set<std::string>& datasets) {
    try {
        std::set<std::string> links;
        with_memory_fence(most_library_bytes(checkpoint.info.file_bytes),
                          [&] { links = Topmost(checkpoint, datasets).links(); });
        return links;
    } catch (const h5::Failure& failure) {
        throw failure.in(checkpoint.path);
    }
}

}  // namespace pal
