#include "io/write/copy/copy_dataset.hpp"

#include <algorithm>
#include <optional>

#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/raw_value.hpp"
#include "io/h5/references.hpp"
#include "io/write/copy/copy_attributes.hpp"

namespace pal {

namespace {

/// Reads variable-length values once. H5Ocopy of 1.10.8 crashes where they lie in a damaged heap;
/// H5Dread reports that.
void require_readable(hid_t dataset, const std::string& path) {
    const h5::Type type = h5::dataset_type(dataset);
    if (!h5::holds_variable_length(type.get())) return;
    const h5::Plist plist = h5::dataset_plist(dataset);
    if (!h5::foreign_storage(plist.get()).empty()) return;  // H5Ocopy does not read it either
    try {
        const h5::RowBlocks blocks(dataset);
        for (std::uint64_t b = 0; b < blocks.count(); ++b)
            static_cast<void>(blocks.read(b, dataset));
    } catch (const h5::Failure& failure) {
        throw failure.in(path);
    }
}

bool has_variable_length_attribute(hid_t object) {
    const std::vector<std::string> names = h5::list_attributes(object);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        const h5::Attribute attribute = h5::open_attribute(object, name);
        return h5::holds_variable_length(h5::attribute_type(attribute.get()).get());
    });
}

/// Finds objects whose attributes must not go through H5Ocopy. Version 1.10.8 crashes in some of
/// those with variable-length attributes in a heap of their own. Version 2 of the header uses such
/// a heap from the ninth attribute on, or where one is large.
bool needs_attributes_apart(const SourceObject& from) {
    return from.info.hdr.version >= 2 && has_variable_length_attribute(from.id);
}

void copy_stored(const SourceObject& from, const NewLink& to, bool without_attributes) {
    const h5::Plist plist = h5::create_plist(H5P_OBJECT_COPY);
    if (without_attributes) {
        h5::call("set copy properties",
                 [&] { return H5Pset_copy_object(plist.get(), H5O_COPY_WITHOUT_ATTR_FLAG); });
    }
    // The copy of a dataset gets a committed datatype of its own. The flag that would share it,
    // H5O_COPY_MERGE_COMMITTED_DTYPE_FLAG, crashes 1.10.8 where the search meets the half-made
    // target.
    h5::call("copy " + to.path, [&] {
        return H5Ocopy(from.group, from.link.name.c_str(), to.group, to.name.c_str(), plist.get(),
                       to.properties);
    });
}

/// Copies a dataset with a delicate fill value: creates it anew and writes the data. Data with
/// references stays empty here; rewrite_references() writes it.
void create_anew(const Checkpoint& source, hid_t dataset, const NewLink& to,
                 const CopiedObjects& copies) {
    const h5::Type stored = h5::dataset_type(dataset);
    const h5::Type type = h5::copy_type(stored.get());
    const h5::Space space = h5::dataset_space(dataset);
    const h5::Plist plist = h5::dataset_plist(dataset);
    std::optional<h5::RawValue> fill = h5::read_fill(plist.get(), type.get());
    translate_references(fill.value(), source, copies, "the fill value of " + to.path);
    h5::call("set a fill value", [&] {
        return std::min(H5Pset_fill_value(plist.get(), type.get(), fill->bytes().data()),
                        H5Pset_obj_track_times(plist.get(), false));  // as in make_group()
    });
    const h5::Dataset copy(h5::call("create dataset " + to.path, [&] {
        return H5Dcreate2(to.group, to.name.c_str(), type.get(), space.get(), to.properties,
                          plist.get(), H5P_DEFAULT);
    }));
    copy_comment(dataset, copy.get());
    copy_attributes(dataset, copy.get());
    if (h5::holds_references(type.get()) || h5::storage_bytes(dataset) == 0) return;
    const h5::RowBlocks blocks(dataset);
    for (std::uint64_t b = 0; b < blocks.count(); ++b)
        blocks.write(b, blocks.read(b, dataset), copy.get());
}

}  // namespace

bool fill_has_to_wait(hid_t dataset, const CopiedObjects& copies) {
    const h5::Plist plist = h5::dataset_plist(dataset);
    const h5::Type stored = h5::dataset_type(dataset);
    const h5::Type type = h5::copy_type(stored.get());
    std::optional<h5::RawValue> fill = h5::read_fill(plist.get(), type.get());
    bool waits = false;
    if (fill) {
        h5::for_each_reference(*fill, [&](H5R_type_t kind, const unsigned char* bytes) {
            const haddr_t object = kind == H5R_OBJECT ? h5::object_of(bytes) : 0;
            waits = waits || (object != 0 && !copies.paths.contains(object));
        });
    }
    return waits;
}

void copy_dataset(const Checkpoint& source, const SourceObject& from, const NewLink& to,
                  const CopiedObjects& copies) {
    if (from.info.type == H5O_TYPE_DATASET) require_readable(from.id, to.path);
    if (source.delicate_fills.contains(from.link.address))
        return create_anew(source, from.id, to, copies);
    const bool attributes_apart = needs_attributes_apart(from);
    copy_stored(from, to, attributes_apart);
    if (!attributes_apart) return;
    const h5::Object copy = h5::open_object(to.group, to.name);
    copy_attributes(from.id, copy.get());
}

}  // namespace pal
