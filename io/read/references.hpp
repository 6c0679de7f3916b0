// References to objects and to regions of datasets. They hold addresses in their own file, so a
// plain copy of one points anywhere. Each is made anew for the copied object.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "io/h5/raw_value.hpp"
#include "io/read/checkpoint.hpp"

namespace pal {

/// Places of a checkpoint's objects in a copy of it.
struct CopiedObjects {
    hid_t file = H5I_INVALID_HID;
    const std::map<haddr_t, std::string>& paths;  // address in the source -> path in the copy
    const std::set<haddr_t>&
        replaced;  // addresses in the source: another kind of object took their place
};

/// Rewrites every attribute and dataset of the copy that holds references. Throws Error(kInput) for
/// a reference to an object without a link, which has no copy, and to a region of a replaced
/// dataset.
void rewrite_references(const Checkpoint& source, const CopiedObjects& copy);

/// Makes the references in a value anew. Their objects must have been copied before. where: for
/// messages. Throws as rewrite_references.
void translate_references(h5::RawValue& value, const Checkpoint& source, const CopiedObjects& copy,
                          const std::string& where);

/// Calls visit(kind, bytes in memory) for each reference in a value.
using ReferenceVisitor = std::function<void(H5R_type_t, unsigned char*)>;
void for_each_reference(h5::RawValue& value, const ReferenceVisitor& visit);

/// Returns the address of the object that an object reference leads to; 0 if it leads nowhere.
[[nodiscard]] haddr_t object_of(const unsigned char* reference);

struct ReferencedRegion {
    haddr_t object = 0;  // 0: the reference leads nowhere
    h5::Space selection;
};
/// Resolves a region reference of `file`.
[[nodiscard]] ReferencedRegion region_of(hid_t file, const unsigned char* reference);

}  // namespace pal
