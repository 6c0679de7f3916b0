#include "io/read/references.hpp"

#include <algorithm>
#include <cstring>

#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"

namespace pal {

namespace {

void visit_value(hid_t type, unsigned char* bytes, const ReferenceVisitor& visit) {
    if (!h5::holds_references(type)) return;
    const H5T_class_t kind = h5::type_class(type);
    if (kind == H5T_REFERENCE) {
        const bool object =
            h5::call("compare types", [&] { return H5Tequal(type, H5T_STD_REF_OBJ); }) > 0;
        // Files whose addresses have another size have references of another size.
        if (h5::type_bytes(type) != (object ? sizeof(hobj_ref_t) : sizeof(hdset_reg_ref_t)))
            throw Error(ErrorCode::kInput, "references to addresses that are not of 8 bytes");
        return visit(object ? H5R_OBJECT : H5R_DATASET_REGION, bytes);
    }
    if (kind == H5T_COMPOUND) {
        h5::any_member(type, [&](hid_t member, std::size_t offset) {
            visit_value(member, bytes + offset, visit);
            return false;
        });
        return;
    }
    const h5::Type base = h5::base_type(type);
    const std::size_t step = h5::type_bytes(base.get());
    std::size_t count = h5::type_bytes(type) / step;
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

class Rewriter {
  public:
    Rewriter(const Checkpoint& source, const CopiedObjects& copy) : source_(source), copy_(copy) {}

    void translate(h5::RawValue& value, const std::string& where) {
        where_ = where;
        translate(value);
    }

    void rewrite(const ReferencePlace& place) {
        where_ = place.attribute.empty() ? place.path
                                         : "attribute '" + place.attribute + "' of " + place.path;
        const auto from = h5::open_at<h5::Object>(source_.file.get(), place.object, place.path);
        const h5::Object to = h5::open_object(copy_.file, copy_.paths.at(place.object));
        place.attribute.empty() ? rewrite_data(from.get(), to.get())
                                : rewrite_attribute(from.get(), to.get(), place.attribute);
    }

  private:
    void rewrite_attribute(hid_t from, hid_t to, const std::string& name) {
        h5::RawValue value = h5::read_raw_attribute(from, name);
        if (value.bytes().empty()) return;
        translate(value);
        const h5::Attribute attribute = h5::open_attribute(to, name);
        h5::call("write attribute '" + name + "'",
                 [&] { return H5Awrite(attribute.get(), value.type(), value.bytes().data()); });
    }

    void rewrite_data(hid_t from, hid_t to) {
        if (h5::storage_bytes(from) == 0) return;  // never written; writing would allocate it
        const h5::RowBlocks blocks(from);
        for (std::uint64_t block = 0; block < blocks.count(); ++block) {
            h5::RawValue value = blocks.read(block);
            translate(value);
            blocks.write(block, value, to);
        }
    }

    void translate(h5::RawValue& value) {
        for_each_reference(value, [&](H5R_type_t kind, unsigned char* bytes) {
            kind == H5R_OBJECT ? translate_object(bytes) : translate_region(bytes);
        });
    }

    void translate_object(unsigned char* bytes) {
        const haddr_t object = object_of(bytes);
        if (object == 0) return;
        auto known = references_.find(object);
        if (known == references_.end()) {
            hobj_ref_t reference{};
            create(&reference, H5R_OBJECT, path_of(object), H5I_INVALID_HID);
            known = references_.emplace(object, reference).first;
        }
        std::memcpy(bytes, &known->second, sizeof known->second);
    }

    void translate_region(unsigned char* bytes) {
        const ReferencedRegion region = region_of(source_.file.get(), bytes);
        if (region.object == 0) return;
        const std::string& path = path_of(region.object);
        if (copy_.replaced.contains(region.object)) {
            throw Error(ErrorCode::kInput, where_ + " refers to a region of " + path +
                                               ", which is to be palettized; exclude that tensor");
        }
        create(bytes, H5R_DATASET_REGION, path, region.selection.get());
    }

    void create(void* reference, H5R_type_t kind, const std::string& path, hid_t selection) const {
        h5::call("make a reference to " + path,
                 [&] { return H5Rcreate(reference, copy_.file, path.c_str(), kind, selection); });
    }

    [[nodiscard]] const std::string& path_of(haddr_t object) const {
        const auto found = copy_.paths.find(object);
        if (found != copy_.paths.end()) return found->second;
        throw Error(ErrorCode::kInput, where_ +
                                           " refers to an object that no link leads to (or, from "
                                           "a fill value, to a later one); such objects cannot be "
                                           "copied: link them to a name first");
    }

    const Checkpoint& source_;
    const CopiedObjects& copy_;
    std::string where_;
    std::map<haddr_t, hobj_ref_t>
        references_;  // in the copy, by the object's address in the source
};

}  // namespace

void for_each_reference(h5::RawValue& value, const ReferenceVisitor& visit) {
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
    const h5::Object object(h5::call("follow a region reference", [&] {
        return H5Rdereference2(file, H5P_DEFAULT, H5R_DATASET_REGION, reference);
    }));
    h5::Space selection(h5::call("follow a region reference", [&] {
        return H5Rget_region(file, H5R_DATASET_REGION, reference);
    }));
    return {h5::object_info(object.get()).addr, std::move(selection)};
}

void translate_references(h5::RawValue& value, const Checkpoint& source, const CopiedObjects& copy,
                          const std::string& where) {
    Rewriter(source, copy).translate(value, where);
}

void rewrite_references(const Checkpoint& source, const CopiedObjects& copy) {
    Rewriter rewriter(source, copy);
    for (const ReferencePlace& place : source.references) rewriter.rewrite(place);
}

}  // namespace pal
