#include "io/h5/references.hpp"

#include <algorithm>
#include <cstring>

#include "io/h5/datatypes.hpp"

namespace pal::h5 {

namespace {

void visit_value(hid_t type, unsigned char* bytes, const ReferenceVisitor& visit) {
    if (!holds_references(type)) return;
    if (type_class(type) == H5T_REFERENCE) {
        const bool object =
            call("compare types", [&] { return H5Tequal(type, H5T_STD_REF_OBJ); }) > 0;
        // Files whose addresses have another size have references of another size.
        if (type_bytes(type) != (object ? sizeof(hobj_ref_t) : sizeof(hdset_reg_ref_t)))
            throw Error(ErrorCode::kInput, "references to addresses that are not of 8 bytes");
        return visit(object ? H5R_OBJECT : H5R_DATASET_REGION, bytes);
    }
    for_each_inside(type, bytes,
                    [&](hid_t inner, unsigned char* at) { visit_value(inner, at, visit); });
}

bool leads_nowhere(const unsigned char* bytes, std::size_t count) {
    return std::all_of(bytes, bytes + count, [](unsigned char byte) { return byte == 0; });
}

}  // namespace

void for_each_reference(RawValue& value, const ReferenceVisitor& visit) {
    if (value.bytes().empty()) return;
    const std::size_t step = value.bytes().size() / value.count();
    for (std::size_t i = 0; i < value.count(); ++i) {
        visit_value(value.type(), value.bytes().data() + i * step, visit);
    }
}

haddr_t object_of(const unsigned char* reference) {
    hobj_ref_t address = 0;  // the file's own encoding: least byte first
    for (std::size_t b = sizeof address; b-- > 0;) address = address << 8 | reference[b];
    return address;
}

ReferencedRegion region_of(hid_t file, const unsigned char* reference) {
    if (leads_nowhere(reference, sizeof(hdset_reg_ref_t))) return {};
    const Object object(call("follow a region reference", [&] {
        return H5Rdereference2(file, H5P_DEFAULT, H5R_DATASET_REGION, reference);
    }));
    Space selection(call("follow a region reference",
                         [&] { return H5Rget_region(file, H5R_DATASET_REGION, reference); }));
    return {object_info(object.get()).addr, std::move(selection)};
}

}  // namespace pal::h5
