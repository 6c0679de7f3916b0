// Makes the references of a copied checkpoint anew. A reference holds an address in its own file,
// so a plain copy of it points anywhere.
#pragma once

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

}  // namespace pal
