#include "io/write/copy/copy_tree.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "io/h5/attributes.hpp"
#include "io/read/dropped.hpp"
#include "io/write/copy/copy_attributes.hpp"
#include "io/write/copy/copy_dataset.hpp"
#include "io/write/copy/format_version.hpp"
#include "io/write/copy/groups.hpp"
#include "io/write/copy/rewrite_references.hpp"

namespace pal {

namespace {

/// Walks through the source in depth-first order and copies each object when a link first leads to
/// it.
class TreeCopier {
  public:
    TreeCopier(const Checkpoint& source, hid_t target, const std::set<haddr_t>& replaced,
               const LinkedObjects& linked, bool drop_documents)
        : source_(source),
          target_(target),
          replaced_(replaced),
          linked_(linked),
          drop_documents_(drop_documents),
          version_(source.file.get(), target),
          stand_in_maker_(source) {}

    StandIns copy() {
        const h5::Group from = h5::open_group(source_.file.get(), "/");
        const h5::Group to = h5::open_group(target_, "/");
        paths_.emplace(h5::object_info(from.get()).addr, std::string("/"));
        copy_comment(from.get(), to.get());
        if (drop_documents_) {
            copy_attributes(from.get(), to.get(), h5::is_root_attribute);
        } else {
            copy_attributes(from.get(), to.get());
        }
        copy_members(from.get(), to.get(), "/", 1);
        copy_waiting();
        version_.reset();
        rewrite_references(source_, copies_);
        stand_ins_.has_renamed_attributes = stand_in_maker_.has_renamed();
        return std::move(stand_ins_);
    }

  private:
    void copy_members(hid_t from, hid_t to, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) {
            throw Error(ErrorCode::kInput, path + ": groups are nested too deep");
        }
        for (const h5::Link& link : kept_links(source_, from, path)) {
            if (drop_documents_ && path == "/" && link.name == h5::kDocumentGroup) continue;
            const NewLink copy{to, link.name, child_path(path, link.name),
                               link_properties_.with(link.character_set)};
            if (link.type == H5L_TYPE_HARD) {
                copy_object(from, link, copy, depth);
            } else if (const haddr_t tensor = source_.address_of(copy.path);
                       replaced_.contains(tensor)) {
                h5::Link followed = link;
                followed.address = tensor;
                copy_object(from, followed, copy, depth);
            } else {
                copy_link(from, link, copy);
            }
        }
    }

    void copy_object(hid_t from, const h5::Link& link, const NewLink& to, std::size_t depth) {
        if (const auto elsewhere = linked_.find(link.address); elsewhere != linked_.end())
            return make_external_link(elsewhere->second, to);
        const auto known = paths_.find(link.address);
        if (known != paths_.end()) return make_hard_link(target_, known->second, to);
        const auto object = source_.open_at<h5::Object>(link.address, to.path);
        if (may_wait_ && source_.delicate_fills.contains(link.address) &&
            fill_has_to_wait(object.get(), copies_)) {
            waiting_.push_back({link, to.path, depth});
            return;
        }
        paths_.emplace(link.address, to.path);
        const H5O_info_t info = h5::object_info(object.get());
        version_.follow(object.get());
        if (replaced_.contains(link.address)) {
            stand_ins_.places[link.address] = stand_in_maker_.make(object.get(), info.type, to);
        } else if (info.type == H5O_TYPE_GROUP) {
            copy_group(object.get(), to, depth);
        } else {
            copy_dataset(source_, {from, link, object.get(), info}, to, copies_);
        }
    }

    /// Copies datasets whose fill values refer to objects that came later, as MATLAB's cell arrays
    /// do. Where none of them helps another, the copy of the first says what is wrong.
    void copy_waiting() {
        while (!waiting_.empty()) {
            const std::vector<Waiting> all = std::exchange(waiting_, {});
            for (const Waiting& one : all) {
                const std::string above =
                    one.path.substr(0, std::max<std::size_t>(1, one.path.rfind('/')));
                const h5::Group from = h5::open_group(source_.file.get(), above);
                const h5::Group to = h5::open_group(target_, above);
                copy_object(from.get(), one.link,
                            {to.get(), one.link.name, one.path,
                             link_properties_.with(one.link.character_set)},
                            one.depth);
            }
            may_wait_ = waiting_.size() < all.size();
        }
    }

    void copy_group(hid_t from, const NewLink& to, std::size_t depth) {
        const h5::Group copy = make_group(to, group_properties_.like(from));
        copy_comment(from, copy.get());
        copy_attributes(from, copy.get());
        copy_members(from, copy.get(), to.path, depth + 1);
    }

    /// A hard link that could not be made when it was met.
    struct Waiting {
        h5::Link link;
        std::string path;
        std::size_t depth = 0;
    };

    const Checkpoint& source_;
    hid_t target_;
    const std::set<haddr_t>& replaced_;
    const LinkedObjects& linked_;
    bool drop_documents_;
    FormatVersion version_;
    LinkProperties link_properties_;
    GroupProperties group_properties_;
    StandInMaker stand_in_maker_;
    StandIns stand_ins_;
    std::vector<Waiting> waiting_;
    bool may_wait_ = true;
    std::map<haddr_t, std::string> paths_;  // address in the source -> first path in the copy
    CopiedObjects copies_{target_, paths_, replaced_};
};

}  // namespace

StandIns copy_tree(const Checkpoint& source, hid_t target, const std::set<haddr_t>& replaced,
                   const LinkedObjects& linked, bool drop_documents) {
    return TreeCopier(source, target, replaced, linked, drop_documents).copy();
}

}  // namespace pal
