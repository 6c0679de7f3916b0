// Makes stand-ins: the empty objects that a copy has in place of what is replaced.
//
// A dataset gets an empty group, which takes the members of a palettized tensor. A palettized group
// gets the empty dataset that it remembers. A stand-in is made when its original would be copied,
// so that the links keep their creation order.
#pragma once

#include <map>

#include "io/read/checkpoint.hpp"
#include "io/write/copy/links.hpp"

namespace pal {

/// Stand-ins in a copy.
struct StandIns {
    std::map<haddr_t, haddr_t> places;    // by the address of the original in the source
    bool has_renamed_attributes = false;  // see h5::name_in_group()
};

/// Attributes of replaced datasets that hold references.
enum class ReferenceAttributes { kCopy, kLeaveOut };

class StandInMaker {
  public:
    /// `source` outlives this object.
    explicit StandInMaker(const Checkpoint& source,
                          ReferenceAttributes references = ReferenceAttributes::kCopy)
        : source_(source), references_(references) {}

    /// Makes a stand-in for an open object of the source, with its comment and attributes. Returns
    /// the address in the copy. Throws Error(kInput) where a dataset has an attribute of a name
    /// that palettized groups need, or a palettized group remembers no dataset.
    [[nodiscard]] haddr_t make(hid_t object, H5O_type_t type, const NewLink& to);
    [[nodiscard]] bool has_renamed() const noexcept { return has_renamed_; }

  private:
    [[nodiscard]] haddr_t make_dataset(hid_t palettized, const NewLink& to) const;
    [[nodiscard]] haddr_t make_group_for(hid_t dataset, const NewLink& to);
    void copy_dataset_attributes(hid_t dataset, hid_t group, const std::string& path);
    hid_t group_properties(hid_t dataset_plist);

    const Checkpoint& source_;
    ReferenceAttributes references_;
    bool has_renamed_ = false;
    std::map<unsigned, h5::Plist> group_plists_;  // by the creation order of attributes
};

}  // namespace pal
