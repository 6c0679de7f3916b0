// Files of a run that was killed while it gave them their names.
//
// Before the first file gets its name the journal of the output says which files there will be. The
// output comes last: once it has its name the run is done. Until then the next run undoes the rest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/files/descriptor.hpp"
#include "io/write/journal_records.hpp"

namespace pal {

/// Undoes what a killed run published of the files beside `target`, unless `target` itself has its
/// name: then removes what they replaced. Does nothing where no run was killed at that point.
/// Throws Error(kOutput) where another process works on the target.
void settle_published(const std::string& target);

/// The same, for the owner of the locked journal.
void settle_published(const std::string& target, const Descriptor& journal);

/// Tells whether a killed run of any work did everything; see below.
[[nodiscard]] bool was_published(const std::string& target);

/// Tells whether a killed run of the same work did everything: the output is in its place, and only
/// its journal was left.
/// asked: as Publishing::asked. Reads only. Throws Error(kOutput) where the journal's name belongs
/// to something else.
[[nodiscard]] bool was_published(const std::string& target, const RunIdentity& identity,
                                 const std::vector<std::string>& asked);

}  // namespace pal
