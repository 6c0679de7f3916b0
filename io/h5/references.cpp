#include "io/h5/references.hpp"

#include <algorithm>
#include <cstring>

#include "io/h5/datatypes.hpp"

namespace pal::h5 {

namespace {

void visit_value(hid_t type, unsigned char* bytes, const ReferenceVisitor& visit) {
    if (!holds_references(type)) return;
    const H5T_class_t kind = type_class(type);
    if (kind == H5T_REFERENCE) {
        const bool object =
            call("compare types", [&] { return H5Tequal(type, H5T_STD_REF_OBJ); }) > 0;
        // Files whose addresses have another size have references of another size.
        if (type_bytes(type) != (object ? sizeof(hobj_ref_t) : sizeof(hdset_reg_ref_t)))
            throw Error(ErrorCode::kInput, "references to addresses that are not of 8 bytes");
        return visit(object ? H5R_OBJECT : H5R_DATASET_REGION, bytes);
    }
    if (kind == H5T_COMPOUND) {
        any_member(type, [&](hid_t member, std::size_t offset) {
            visit_value(member, bytes + offset, visit);
            return false;
        });
        return;
    }
    const Type base = base_type(type);
    const std::size_t step = type_bytes(base.get());
    std::size_t count = type_bytes(type) / step;
    if (kind == H5T_VLEN) {
        hvl_t list{};
        std::memcpy(&list, bytes, sizeof list);
        count = list.len;
        bytes = static_cast<unsigned char*>(list.p);
    }
    for (std::size_t i = 0; i < count; ++i) visit_value(base.get(), bytes + i * step, visit);
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
