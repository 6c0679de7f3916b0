#include "io/h5/storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/files/foreign_json.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"

namespace pal::h5 {

namespace {

using Json = nlohmann::json;

Json describe_filters(hid_t plist) {
    Json filters = Json::array();
    for (const Filter& filter : filters_of(plist)) {
        filters.push_back({{"id", static_cast<int>(filter.id)},
                           {"flags", filter.flags},
                           {"values", filter.values}});
    }
    return filters;
}

void describe_fill(hid_t plist, hid_t type, Json& json) {
    const H5D_fill_value_t defined = fill_defined(plist);
    if (defined == H5D_FILL_VALUE_UNDEFINED) json["fill"] = nullptr;
    if (defined != H5D_FILL_VALUE_USER_DEFINED) return;
    if (holds_variable_length(type) || holds_references(type)) {
        // Their bytes would be pointers, or addresses in this file.
        json["fill"] = holds_references(type) ? "references" : "variable-length";
        return;
    }
    std::vector<unsigned char> bytes(type_bytes(type));
    call("read a fill value", [&] { return H5Pget_fill_value(plist, type, bytes.data()); });
    std::string hex;
    for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
    json["fill"] = hex;
}

void apply_fill(const Json& json, hid_t type, hid_t plist) {
    const auto fill = json.find("fill");
    if (fill == json.end()) return;
    if (fill->is_null()) {
        call("set a fill value", [&] { return H5Pset_fill_value(plist, type, nullptr); });
        return;
    }
    const auto hex = fill->get<std::string>();
    if (hex.size() != 2 * type_bytes(type))
        throw Error(ErrorCode::kInput, "a fill value of wrong size");
    std::vector<unsigned char> bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<unsigned char>(std::stoul(hex.substr(i, 2), nullptr, 16)));
    }
    call("set a fill value", [&] { return H5Pset_fill_value(plist, type, bytes.data()); });
}

void apply_layout(const Json& json, std::size_t rank, hid_t plist) {
    const auto layout = json.at("layout").get<std::string>();
    if (layout != "chunked") {
        const H5D_layout_t kind = layout == "compact" ? H5D_COMPACT : H5D_CONTIGUOUS;
        call("set a layout", [&] { return H5Pset_layout(plist, kind); });
        return;
    }
    const auto chunk = json.at("chunk").get<std::vector<hsize_t>>();
    if (chunk.size() != rank) throw Error(ErrorCode::kInput, "chunks of wrong rank");
    call("set a chunk shape",
         [&] { return H5Pset_chunk(plist, static_cast<int>(rank), chunk.data()); });
    if (const auto options = json.find("chunk_options"); options != json.end()) {
        call("set chunk options",
             [&] { return H5Pset_chunk_opts(plist, options->get<unsigned>()); });
    }
    for (const Json& filter : json.at("filters")) {
        const auto values = filter.at("values").get<std::vector<unsigned>>();
        const auto id = filter.at("id").get<int>();
        const auto flags = filter.at("flags").get<unsigned>();
        call("set filter " + std::to_string(id),
             [&] { return H5Pset_filter(plist, id, flags, values.size(), values.data()); });
    }
}

/// Returns true for data of other files. It is restored as a contiguous dataset, which cannot grow.
bool was_foreign(const Json& json) {
    return json.at("layout") == "external" || json.at("layout") == "virtual";
}

Space restored_space(const Json& json, const Shape& shape) {
    const std::vector<hsize_t> dims(shape.begin(), shape.end());
    std::vector<hsize_t> largest;
    for (const Json& size : json.at("maxshape")) {
        largest.push_back(size.is_null() ? H5S_UNLIMITED : size.get<hsize_t>());
    }
    if (largest.size() != dims.size()) throw Error(ErrorCode::kInput, "maxshape of wrong rank");
    if (was_foreign(json)) largest = dims;
    return Space(call("make a dataspace", [&] {
        return H5Screate_simple(static_cast<int>(dims.size()), dims.data(), largest.data());
    }));
}

Plist restored_plist(const Json& json, std::size_t rank, hid_t type) {
    Plist plist = create_plist(H5P_DATASET_CREATE);
    apply_layout(json, rank, plist.get());
    apply_fill(json, type, plist.get());
    call("set the fill time", [&] {
        return H5Pset_fill_time(plist.get(),
                                static_cast<H5D_fill_time_t>(json.at("fill_time").get<int>()));
    });
    call("set the allocation time", [&] {
        return H5Pset_alloc_time(
            plist.get(), was_foreign(json)
                             ? H5D_ALLOC_TIME_DEFAULT
                             : static_cast<H5D_alloc_time_t>(json.at("alloc_time").get<int>()));
    });
    call("set the attribute order", [&] {
        return H5Pset_attr_creation_order(plist.get(), json.at("attr_order").get<unsigned>());
    });
    // With times, the bytes of the file would depend on when it was written.
    call("set time tracking", [&] { return H5Pset_obj_track_times(plist.get(), false); });
    return plist;
}

/// Calls use(description, shape, type) for a palettized group. Throws Error(kInput) where its
/// attributes are missing or damaged.
template <class Use>
auto with_description(hid_t group, const Use& use) {
    const auto text = read_string_attribute(group, "palettized_storage");
    const auto sizes = read_integers(group, "palettized_shape");
    if (!text || !sizes || !has_attribute(group, "palettized_storage_type")) {
        throw Error(ErrorCode::kInput,
                    "attributes of the palettized group are missing; palettize the original again");
    }
    const Attribute attribute = open_attribute(group, "palettized_storage_type");
    const Type stored = attribute_type(attribute.get());
    const Type type = copy_type(stored.get());
    const auto damaged_by = [](const std::exception& error) {
        return Error(ErrorCode::kInput,
                     std::string("attribute 'palettized_storage' is damaged: ") + error.what());
    };
    Json json;
    try {
        json = read_json(*text);
    } catch (const Error& error) {
        throw damaged_by(error);
    }
    try {
        return use(json, Shape(sizes->begin(), sizes->end()), type.get());
    } catch (const std::exception& error) {
        if (dynamic_cast<const Error*>(&error) != nullptr) throw;
        throw damaged_by(error);
    }
}

}  // namespace

std::string describe_storage(hid_t dataset) {
    const Type type = dataset_type(dataset);
    const Plist plist = dataset_plist(dataset);
    return describe_storage(dataset, type.get(), plist.get());
}

std::string describe_storage(hid_t dataset, hid_t type, hid_t plist) {
    const Space space = own_space(dataset, plist);
    const Shape largest = space_largest(space.get());

    Json json;
    json["maxshape"] = Json::array();
    for (const std::uint64_t size : largest) {
        json["maxshape"].push_back(size == H5S_UNLIMITED ? Json(nullptr) : Json(size));
    }
    const H5D_layout_t layout = layout_of(plist);
    const std::string foreign = foreign_storage(plist);
    json["layout"] = !foreign.empty()        ? foreign
                     : layout == H5D_CHUNKED ? "chunked"
                     : layout == H5D_COMPACT ? "compact"
                                             : "contiguous";
    if (layout == H5D_CHUNKED) {
        json["chunk"] = plist_chunk(plist, largest.size());
        json["filters"] = describe_filters(plist);
        const unsigned options = chunk_options(plist);
        if (options != 0) json["chunk_options"] = options;
    }
    describe_fill(plist, type, json);
    unsigned attr_order = 0;
    call("read the attribute order",
         [&] { return H5Pget_attr_creation_order(plist, &attr_order); });
    json["fill_time"] = static_cast<int>(fill_time(plist));
    json["alloc_time"] = static_cast<int>(alloc_time(plist));
    json["attr_order"] = attr_order;
    return json.dump();
}

void write_storage(hid_t dataset, hid_t plist, hid_t group) {
    const Type type = dataset_type(dataset);
    write_string_attribute(group, "palettized_storage",
                           describe_storage(dataset, type.get(), plist));
    static const Space* const null_space =  // never closed, like the lock
        new Space(call("make a dataspace", [] { return H5Screate(H5S_NULL); }));
    const Type transient = copy_type(type.get());
    const Attribute attribute(call("create attribute 'palettized_storage_type'", [&] {
        return H5Acreate2(group, "palettized_storage_type", transient.get(), null_space->get(),
                          H5P_DEFAULT, H5P_DEFAULT);
    }));
}

Dataset create_from_storage(hid_t group, hid_t parent, const std::string& name, hid_t link_plist) {
    return with_description(group, [&](const Json& json, const Shape& shape, hid_t type) {
        const Space space = restored_space(json, shape);
        const Plist plist = restored_plist(json, shape.size(), type);
        return Dataset(call("create dataset " + name, [&] {
            return H5Dcreate2(parent, name.c_str(), type, space.get(), link_plist, plist.get(),
                              H5P_DEFAULT);
        }));
    });
}

RestoredSize restored_size(hid_t group) {
    return with_description(group, [&](const Json& json, Shape shape, hid_t type) {
        const bool chunked = json.at("layout") == "chunked";
        if (chunked) {  // edge chunks are whole
            const auto chunk = json.at("chunk").get<std::vector<std::uint64_t>>();
            for (std::size_t d = 0; d < std::min(shape.size(), chunk.size()); ++d) {
                const std::uint64_t size = std::max<std::uint64_t>(chunk[d], 1);
                shape[d] = shape[d] < size ? size : shape[d] + (size - shape[d] % size) % size;
            }
        }
        shape.push_back(type_bytes(type));
        return RestoredSize{
            element_count(shape).value_or(std::numeric_limits<std::uint64_t>::max()),
            chunked && !json.at("filters").empty()};
    });
}

}  // namespace pal::h5
