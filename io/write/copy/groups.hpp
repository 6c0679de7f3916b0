// Makes the groups of a copy.
#pragma once

#include <array>
#include <map>

#include "io/h5/hdf5.hpp"
#include "io/write/copy/links.hpp"

namespace pal {

/// Creates an empty group. `properties` are group creation properties, in which the call switches
/// time tracking off. Times would make the bytes of the file depend on when it was written.
[[nodiscard]] h5::Group make_group(const NewLink& to, hid_t properties);

/// Keeps one list of group creation properties for each combination of settings.
class GroupProperties {
  public:
    /// Returns a list with the settings of an open group of the source. This object keeps it open.
    [[nodiscard]] hid_t like(hid_t group);

  private:
    /// Creation orders of links and attributes; for links and for attributes: most compact and
    /// least dense.
    using Settings = std::array<unsigned, 6>;
    std::map<Settings, h5::Plist> plists_;
};

}  // namespace pal
