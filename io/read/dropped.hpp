// Hard links that --drop leaves out of a checkpoint: to the reader, the copy and the comparison
// they are not there. An object that no other link leads to is not there either.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/h5/links.hpp"
#include "io/read/checkpoint.hpp"

namespace pal {

/// Lists the links of a group without those that are dropped. path: of the group.
[[nodiscard]] std::vector<h5::Link> kept_links(const Checkpoint& checkpoint, hid_t group,
                                               const std::string& path);

/// Adds the object at a dropped link, and all that lies below it, to Checkpoint::dropped. depth: of
/// the link. Throws Error(kInput) where groups are nested too deep.
void note_dropped(Checkpoint& checkpoint, const h5::Link& link, const std::string& path,
                  std::size_t depth);

/// Returns the shortest list of links to drop. A group goes as a whole where all its members are
/// datasets in `datasets`, or such groups. Sorted. Throws Error(kInput) for a damaged file.
[[nodiscard]] std::set<std::string> topmost_links(const Checkpoint& checkpoint,
                                                  const std::set<std::string>& datasets);

}  // namespace pal
