// References to objects and to regions of datasets (H5R), as bytes in memory.
#pragma once

#include <functional>

#include "io/h5/raw_value.hpp"

namespace pal::h5 {

/// Calls visit(kind, bytes in memory) for each reference in a value.
using ReferenceVisitor = std::function<void(H5R_type_t, unsigned char*)>;
void for_each_reference(RawValue& value, const ReferenceVisitor& visit);

/// Returns the address of the object that an object reference leads to; 0 if it leads nowhere.
[[nodiscard]] haddr_t object_of(const unsigned char* reference);

struct ReferencedRegion {
    haddr_t object = 0;  // 0: the reference leads nowhere
    Space selection;
};
/// Resolves a region reference of `file`.
[[nodiscard]] ReferencedRegion region_of(hid_t file, const unsigned char* reference);

}  // namespace pal::h5
