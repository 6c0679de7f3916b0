#include "io/compare/compare_values.hpp"

#include <cstring>
#include <memory>
#include <utility>

#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/references.hpp"

namespace pal {

namespace {

/// Overwrites each reference with the address of its object, or of that object's partner in the
/// derived file; 0 for an object that was dropped. Returns the regions, in order.
std::vector<std::string> resolve(h5::RawValue& value, const Checkpoint& checkpoint,
                                 const std::map<haddr_t, haddr_t>* partners) {
    std::vector<std::string> regions;
    h5::for_each_reference(value, [&](H5R_type_t kind, unsigned char* bytes) {
        haddr_t object = kind == H5R_OBJECT ? h5::object_of(bytes) : 0;
        if (checkpoint.dropped.contains(object)) object = 0;
        if (kind == H5R_DATASET_REGION) {
            const h5::ReferencedRegion region = h5::region_of(checkpoint.file.get(), bytes);
            object = region.object;
            if (checkpoint.dropped.contains(object)) object = 0;
            regions.push_back(object == 0 ? "" : h5::encoded(region.selection));
            std::memset(bytes, 0, sizeof(hdset_reg_ref_t));
        }
        if (partners != nullptr && object != 0) {
            const auto found = partners->find(object);
            object = found == partners->end() ? HADDR_UNDEF : found->second;
        }
        std::memcpy(bytes, &object, sizeof object);
    });
    return regions;
}

}  // namespace

void compare_values(Comparison& comparison, h5::RawValue left, h5::RawValue right,
                    const std::string& path, const std::string& difference) {
    if (!h5::holds_references(left.type())) {
        if (!h5::equal(left, right)) comparison.differs(path, difference);
        return;
    }
    auto both =
        std::make_shared<std::pair<h5::RawValue, h5::RawValue>>(std::move(left), std::move(right));
    comparison.deferred.emplace_back([&comparison, both, path, difference] {
        const auto ours = resolve(both->first, comparison.original, &comparison.partners);
        const auto theirs = resolve(both->second, comparison.derived, nullptr);
        if (ours != theirs || !h5::equal(both->first, both->second))
            comparison.differs(path, difference);
    });
}

}  // namespace pal
