#include "io/write/copy/copy_skeleton.hpp"

#include <map>
#include <string>

#include "io/write/copy/format_version.hpp"
#include "io/write/copy/groups.hpp"

namespace pal {

namespace {

class SkeletonCopier {
  public:
    SkeletonCopier(const Checkpoint& source, hid_t target)
        : source_(source),
          target_(target),
          version_(source.file.get(), target),
          stand_in_maker_(source, ReferenceAttributes::kLeaveOut) {}

    StandIns copy(const std::set<haddr_t>& replaced) {
        StandIns stand_ins;
        for (const DatasetInfo& dataset : source_.info.datasets) {
            const haddr_t address = source_.address_of(dataset.path);
            if (replaced.count(address) == 0) continue;
            const std::size_t slash = dataset.path.rfind('/');
            const h5::Group parent = group_at(dataset.path.substr(0, slash));
            const auto object = h5::open_at<h5::Object>(source_.file.get(), address, dataset.path);
            version_.follow(object.get());
            stand_ins.places[address] = stand_in_maker_.make(
                object.get(), H5O_TYPE_DATASET,
                new_link(parent.get(), dataset.path.substr(slash + 1), dataset.path));
        }
        stand_ins.has_renamed_attributes = stand_in_maker_.has_renamed();
        return stand_ins;
    }

  private:
    NewLink new_link(hid_t group, const std::string& name, const std::string& path) {
        return {group, name, path, link_properties_.with(H5T_CSET_UTF8)};
    }

    /// Opens the group; makes it, with those above it, where it is missing.
    h5::Group group_at(const std::string& path) {
        if (path.empty()) return h5::open_group(target_, "/");
        if (const auto known = groups_.find(path); known != groups_.end())
            return h5::open_at<h5::Group>(target_, known->second, path);
        const std::size_t slash = path.rfind('/');
        const h5::Group parent = group_at(path.substr(0, slash));
        const h5::Plist plist = h5::create_plist(H5P_GROUP_CREATE);
        h5::Group group =
            make_group(new_link(parent.get(), path.substr(slash + 1), path), plist.get());
        groups_[path] = h5::object_info(group.get()).addr;
        return group;
    }

    const Checkpoint& source_;
    hid_t target_;
    FormatVersion version_;
    LinkProperties link_properties_;
    StandInMaker stand_in_maker_;
    std::map<std::string, haddr_t> groups_;  // made so far, by path: their addresses
};

}  // namespace

StandIns copy_skeleton(const Checkpoint& source, hid_t target, const std::set<haddr_t>& replaced) {
    return SkeletonCopier(source, target).copy(replaced);
}

}  // namespace pal
