// Private to io/: references to objects and to regions of datasets. They hold addresses in their
// own file, so that a copy of one points anywhere: each is made anew for the copied object.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "io/h5/raw_value.hpp"
#include "io/read/checkpoint.hpp"

namespace pal {

/// Where its objects lie in a copy of a checkpoint.
struct CopiedObjects {
    hid_t file = H5I_INVALID_HID;
    const std::map<haddr_t, std::string>& paths;  // address in the source -> path in the copy
    const std::set<haddr_t>& replaced;  // in the source: another kind of object took their place
};

/// Writes every attribute and dataset of the copy anew that holds references in the source.
/// Throws Error(kInput) where one leads to an object that no link leads to, so that there is no
/// copy of it, or to a region of what has been replaced.
void rewrite_references(const Checkpoint& source, const CopiedObjects& copy);

/// Makes the references in a value anew, for objects that have their copies already. where: for
/// messages. Throws as rewrite_references does.
void translate_references(h5::RawValue& value, const Checkpoint& source, const CopiedObjects& copy,
                          const std::string& where);

/// Calls visit for each reference in a value, with its kind and its bytes in memory.
using ReferenceVisitor = std::function<void(H5R_type_t, unsigned char*)>;
void for_each_reference(h5::RawValue& value, const ReferenceVisitor& visit);

/// The object that an object reference leads to; 0: none.
[[nodiscard]] haddr_t object_of(const unsigned char* reference);

struct ReferencedRegion {
    haddr_t object = 0;  // 0: the reference leads nowhere
    h5::Space selection;
};
/// file: that the reference is of.
[[nodiscard]] ReferencedRegion region_of(hid_t file, const unsigned char* reference);

}  // namespace pal
