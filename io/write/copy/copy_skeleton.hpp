// Makes the file of a shard: stand-ins and the groups that lead to them, nothing else.
#pragma once

#include <set>

#include "io/write/copy/stand_ins.hpp"

namespace pal {

/// Makes stand-ins in the open file `target` for the datasets at the addresses `replaced` of the
/// source. Each gets one name, in plain groups, and no attributes that hold references. Returns the
/// stand-ins. Throws Error as StandInMaker does.
[[nodiscard]] StandIns copy_skeleton(const Checkpoint& source, hid_t target,
                                     const std::set<haddr_t>& replaced);

}  // namespace pal
