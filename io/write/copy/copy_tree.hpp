// Copies the tree of a checkpoint, with stand-ins for what is replaced.
#pragma once

#include <map>
#include <set>

#include "io/write/copy/stand_ins.hpp"

namespace pal {

/// Objects that live in other files, by their address in the source.
using LinkedObjects = std::map<haddr_t, ExternalTarget>;

/// Copies groups, links, attributes and datasets of the source into the open file `target`.
/// replaced        addresses in the source; a stand-in is made for each
/// linked          an external link is made in place of each
/// drop_documents  leaves out what CheckpointWriter::finish() added to the source
/// Returns the stand-ins. Throws Error.
[[nodiscard]] StandIns copy_tree(const Checkpoint& source, hid_t target,
                                 const std::set<haddr_t>& replaced, const LinkedObjects& linked,
                                 bool drop_documents);

}  // namespace pal
