#include "io/write/copy/rewrite_references.hpp"

#include <cstring>

#include "io/h5/attributes.hpp"
#include "io/h5/references.hpp"

namespace pal {

namespace {

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
        const h5::Attribute attribute = h5::open_attribute(to, name_in_copy(to, name));
        h5::call("write attribute '" + name + "'",
                 [&] { return H5Awrite(attribute.get(), value.type(), value.bytes().data()); });
    }

    /// Where a dataset became a group or a group a dataset, some attributes have other names.
    static std::string name_in_copy(hid_t to, const std::string& name) {
        if (h5::has_attribute(to, name)) return name;
        const std::string in_group = h5::name_in_group(name);
        return in_group != name ? in_group : h5::name_in_dataset(name);
    }

    void rewrite_data(hid_t from, hid_t to) {
        if (h5::storage_bytes(from) == 0) return;  // never written; writing would allocate it
        const h5::RowBlocks blocks(from);
        for (std::uint64_t block = 0; block < blocks.count(); ++block) {
            h5::RawValue value = blocks.read(block, from);
            translate(value);
            blocks.write(block, value, to);
        }
    }

    void translate(h5::RawValue& value) {
        h5::for_each_reference(value, [&](H5R_type_t kind, unsigned char* bytes) {
            kind == H5R_OBJECT ? translate_object(bytes) : translate_region(bytes);
        });
    }

    void translate_object(unsigned char* bytes) {
        const haddr_t object = h5::object_of(bytes);
        if (object == 0) return;
        // A reference to what --drop leaves out leads nowhere.
        if (source_.dropped.contains(object))
            return void(std::memset(bytes, 0, sizeof(hobj_ref_t)));
        auto known = references_.find(object);
        if (known == references_.end()) {
            hobj_ref_t reference{};
            create(&reference, H5R_OBJECT, path_of(object), H5I_INVALID_HID);
            known = references_.emplace(object, reference).first;
        }
        std::memcpy(bytes, &known->second, sizeof known->second);
    }

    void translate_region(unsigned char* bytes) {
        const h5::ReferencedRegion region = h5::region_of(source_.file.get(), bytes);
        if (region.object == 0) return;
        if (source_.dropped.contains(region.object))
            return void(std::memset(bytes, 0, sizeof(hdset_reg_ref_t)));
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
                                           " refers to an object that no link leads to; such "
                                           "objects cannot be copied: link them to a name first");
    }

    const Checkpoint& source_;
    const CopiedObjects& copy_;
    std::string where_;
    std::map<haddr_t, hobj_ref_t>
        references_;  // in the copy, by the object's address in the source
};

}  // namespace

void translate_references(h5::RawValue& value, const Checkpoint& source, const CopiedObjects& copy,
                          const std::string& where) {
    Rewriter(source, copy).translate(value, where);
}

void rewrite_references(const Checkpoint& source, const CopiedObjects& copy) {
    Rewriter rewriter(source, copy);
    for (const ReferencePlace& place : source.references) rewriter.rewrite(place);
}

}  // namespace pal
