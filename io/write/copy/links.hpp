// Makes the links of a copy.
#pragma once

#include <map>
#include <string>

#include "io/h5/hdf5.hpp"

namespace pal {

/// A link that is to be made in the copy.
struct NewLink {
    hid_t group = H5I_INVALID_HID;  // open group of the copy that gets the link
    std::string name;
    std::string path;                    // from the root, for messages
    hid_t properties = H5I_INVALID_HID;  // link creation properties, from LinkProperties
};

/// Keeps one list of link creation properties for each character set of names.
class LinkProperties {
  public:
    /// Returns the list for names in `character_set`. This object keeps it open.
    [[nodiscard]] hid_t with(H5T_cset_t character_set);

  private:
    std::map<H5T_cset_t, h5::Plist> plists_;
};

/// Copies a soft or external link of the open group `from` with its target.
void copy_link(hid_t from, const h5::Link& link, const NewLink& to);

/// Makes an external link.
void make_external_link(const ExternalTarget& target, const NewLink& to);

/// Makes a further hard link to the object that is at `existing` in the open file.
void make_hard_link(hid_t file, const std::string& existing, const NewLink& to);

}  // namespace pal
