// Private to io/: copies the tree of a checkpoint, with empty stand-ins for what will be replaced.
#pragma once

#include <map>
#include <set>
#include <string>

#include "io/read/reader_impl.hpp"

namespace pal {

/// The version of the format that objects of the file have at least, by its superblock.
[[nodiscard]] H5F_libver_t lowest_version(hid_t file);

/// Creates `path` with the source's user block, sizes and root properties. Exclusive.
[[nodiscard]] h5::File create_like(const CheckpointReader::Impl& source, const std::string& path);

/// Copies groups, links, attributes and datasets. For an object in `replaced` (addresses in the
/// source) an object of the other kind is made in its place, so that link creation order stays: an
/// empty group for a dataset, for a palettized group the empty dataset that it remembers.
/// drop_documents leaves out what commit() added to the source. In the place of what is in `linked`
/// there are external links, no objects. Returns where the stand-ins lie, by the address of what
/// they replace. Throws Error.
using LinkedObjects = std::map<haddr_t, ExternalTarget>;  // by address in the source
std::map<haddr_t, haddr_t> copy_tree(const CheckpointReader::Impl& source, hid_t target,
                                     const std::set<haddr_t>& replaced, const LinkedObjects& linked,
                                     bool drop_documents);

/// Makes stand-ins for the datasets in `replaced` and plain groups that lead to them, nothing else:
/// under one name each, without attributes that hold references. Returns what copy_tree does.
std::map<haddr_t, haddr_t> make_stand_ins(const CheckpointReader::Impl& source, hid_t target,
                                          const std::set<haddr_t>& replaced);

}  // namespace pal
