// What differs between two checkpoints outside palettized tensors.
#include <algorithm>
#include <cstring>

#include "io/attributes.hpp"
#include "io/checkpoint_writer.hpp"
#include "io/hdf5_types.hpp"
#include "io/reader_impl.hpp"

namespace pal {

namespace {

constexpr std::uint64_t kBlockBytes = std::uint64_t{64} << 20;  // of each file in memory at a time

/// Equal values in the memory form of `type`; follows variable-length parts.
bool equal_value(hid_t type, const unsigned char* a, const unsigned char* b) {
    const H5T_class_t type_class =
        h5::call("read a type class", [&] { return H5Tget_class(type); });
    std::size_t bytes = 0;
    h5::call("read a type size", [&] { return (bytes = H5Tget_size(type)) == 0 ? -1 : 0; });
    if (!h5::holds_variable_length(type)) return std::memcmp(a, b, bytes) == 0;
    if (type_class == H5T_STRING) {
        const char* s = nullptr;
        const char* t = nullptr;
        std::memcpy(&s, a, sizeof s);
        std::memcpy(&t, b, sizeof t);
        return s == nullptr || t == nullptr ? s == t : std::strcmp(s, t) == 0;
    }
    if (type_class == H5T_COMPOUND) {
        const int members = h5::call("read a compound", [&] { return H5Tget_nmembers(type); });
        for (int i = 0; i < members; ++i) {
            const auto member = static_cast<unsigned>(i);
            const h5::Type part(
                h5::call("read a compound", [&] { return H5Tget_member_type(type, member); }));
            std::size_t offset = 0;
            h5::succeeds([&] {
                offset = H5Tget_member_offset(type, member);
                return 0;
            });
            if (!equal_value(part.get(), a + offset, b + offset)) return false;
        }
        return true;
    }
    const h5::Type base(h5::call("read a base type", [&] { return H5Tget_super(type); }));
    std::size_t step = 0;
    h5::call("read a type size", [&] { return (step = H5Tget_size(base.get())) == 0 ? -1 : 0; });
    std::size_t count = bytes / step;
    if (type_class == H5T_VLEN) {
        hvl_t s{};
        hvl_t t{};
        std::memcpy(&s, a, sizeof s);
        std::memcpy(&t, b, sizeof t);
        if (s.len != t.len) return false;
        count = s.len;
        a = static_cast<const unsigned char*>(s.p);
        b = static_cast<const unsigned char*>(t.p);
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!equal_value(base.get(), a + i * step, b + i * step)) return false;
    }
    return true;
}

bool equal_raw(const h5::RawValue& a, const h5::RawValue& b) {
    if (a.bytes().size() != b.bytes().size() || a.count() != b.count()) return false;
    if (a.bytes().empty()) return true;
    if (!h5::holds_variable_length(a.type())) return a.bytes() == b.bytes();
    const std::size_t step = a.bytes().size() / a.count();
    for (std::size_t i = 0; i < a.count(); ++i) {
        if (!equal_value(a.type(), a.bytes().data() + i * step, b.bytes().data() + i * step))
            return false;
    }
    return true;
}

bool equal_types(hid_t a, hid_t b) {
    return h5::call("compare types", [&] { return H5Tequal(a, b); }) > 0;
}
bool equal_spaces(hid_t a, hid_t b) {
    return h5::call("compare shapes", [&] { return H5Sextent_equal(a, b); }) > 0;
}

class Comparison {
  public:
    Comparison(const CheckpointReader::Impl& original, const CheckpointReader::Impl& derived)
        : original_(original), derived_(derived) {}

    std::vector<std::string> run() {
        const h5::Object a = h5::open_object(original_.file.get(), "/");
        const h5::Object b = h5::open_object(derived_.file.get(), "/");
        partners_[h5::object_info(a.get()).addr] = h5::object_info(b.get()).addr;
        compare_attributes(a.get(), b.get(), "/");
        compare_members(a.get(), b.get(), "/", 1);
        if (original_.info.user_block_bytes != derived_.info.user_block_bytes) {
            differs("/", "user block of another size");
        }
        return std::move(lines_);
    }

  private:
    void differs(const std::string& path, const std::string& what) {
        lines_.push_back(path + ": " + what);
    }

    std::vector<h5::Link> links(const CheckpointReader::Impl& file, hid_t group,
                                const std::string& path) {
        std::vector<h5::Link> found = h5::list_links(group);
        if (file.has_format && path == "/") {
            std::erase_if(found,
                          [](const h5::Link& link) { return link.name == h5::kDocumentGroup; });
        }
        return found;
    }

    void compare_members(hid_t a, hid_t b, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) return differs(path, "nested too deep");
        const std::vector<h5::Link> ours = links(original_, a, path);
        const std::vector<h5::Link> theirs = links(derived_, b, path);
        const auto same_name = [](const h5::Link& x, const h5::Link& y) {
            return x.name == y.name;
        };
        if (!std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), same_name)) {
            name_differences(ours, theirs, path);
            return;
        }
        for (std::size_t i = 0; i < ours.size(); ++i) {
            const std::string at = child_path(path, ours[i].name);
            if (ours[i].type != theirs[i].type) {
                differs(at, "another type of link");
            } else if (ours[i].type != H5L_TYPE_HARD) {
                if (h5::link_value(a, ours[i]) != h5::link_value(b, theirs[i])) {
                    differs(at, "the link points elsewhere");
                }
            } else {
                compare_objects(a, b, ours[i], theirs[i], at, depth);
            }
        }
    }

    void name_differences(const std::vector<h5::Link>& ours, const std::vector<h5::Link>& theirs,
                          const std::string& path) {
        const auto has = [](const std::vector<h5::Link>& list, const std::string& name) {
            return std::any_of(list.begin(), list.end(),
                               [&](const h5::Link& link) { return link.name == name; });
        };
        const std::size_t before = lines_.size();
        for (const h5::Link& link : ours) {
            if (!has(theirs, link.name)) differs(child_path(path, link.name), "missing");
        }
        for (const h5::Link& link : theirs) {
            if (!has(ours, link.name)) differs(child_path(path, link.name), "not in the original");
        }
        if (lines_.size() == before) differs(path, "links in another order");
    }

    void compare_objects(hid_t a, hid_t b, const h5::Link& ours, const h5::Link& theirs,
                         const std::string& path, std::size_t depth) {
        const auto [partner, is_new] = partners_.emplace(ours.address, theirs.address);
        if (!is_new) {
            if (partner->second != theirs.address)
                differs(path, "no longer a hard link to the same object");
            return;
        }
        const h5::Object left = h5::open_object(a, ours.name);
        const h5::Object right = h5::open_object(b, theirs.name);
        compare_attributes(left.get(), right.get(), path);
        if (is_palettized(original_, left.get()) || is_palettized(derived_, right.get())) return;
        const H5O_type_t type = h5::object_info(left.get()).type;
        if (type != h5::object_info(right.get()).type)
            return differs(path, "another kind of object");
        if (type == H5O_TYPE_GROUP)
            return compare_members(left.get(), right.get(), path, depth + 1);
        if (type == H5O_TYPE_DATASET) return compare_datasets(left.get(), right.get(), path);
        if (!equal_types(left.get(), right.get())) differs(path, "another datatype");
    }

    static bool is_palettized(const CheckpointReader::Impl& file, hid_t object) {
        return file.has_format && h5::object_info(object).type == H5O_TYPE_GROUP &&
               h5::has_attribute(object, "palettized_spec");
    }

    std::vector<std::string> attribute_names(const CheckpointReader::Impl& file, hid_t object,
                                             const std::string& path) {
        std::vector<std::string> names = h5::list_attributes(object);
        if (is_palettized(file, object)) {
            std::erase_if(names,
                          [](const std::string& name) { return h5::is_group_attribute(name); });
        } else if (file.has_format && path == "/") {
            std::erase_if(names,
                          [](const std::string& name) { return h5::is_root_attribute(name); });
        }
        return names;
    }

    void compare_attributes(hid_t a, hid_t b, const std::string& path) {
        const std::vector<std::string> ours = attribute_names(original_, a, path);
        const std::vector<std::string> theirs = attribute_names(derived_, b, path);
        for (const std::string& name : theirs) {
            if (std::find(ours.begin(), ours.end(), name) == ours.end()) {
                differs(path, "attribute '" + name + "' is not in the original");
            }
        }
        for (const std::string& name : ours) {
            if (std::find(theirs.begin(), theirs.end(), name) == theirs.end()) {
                differs(path, "attribute '" + name + "' is missing");
                continue;
            }
            const h5::RawValue left = h5::read_raw_attribute(a, name);
            const h5::RawValue right = h5::read_raw_attribute(b, name);
            if (!equal_types(left.type(), right.type())) {
                differs(path, "attribute '" + name + "' has another type");
            } else if (!equal_spaces(left.space(), right.space())) {
                differs(path, "attribute '" + name + "' has another shape");
            } else if (!equal_raw(left, right)) {
                differs(path, "attribute '" + name + "' has another value");
            }
        }
    }

    void compare_datasets(hid_t a, hid_t b, const std::string& path) {
        const h5::Type left = h5::dataset_type(a);
        const h5::Type right = h5::dataset_type(b);
        const h5::Type left_type = h5::copy_type(left.get());
        const h5::Type right_type = h5::copy_type(right.get());
        const h5::Space left_space = h5::dataset_space(a);
        const h5::Space right_space = h5::dataset_space(b);
        if (!equal_types(left_type.get(), right_type.get()))
            return differs(path, "another datatype");
        if (!equal_spaces(left_space.get(), right_space.get()))
            return differs(path, "another shape");
        const h5::Plist left_plist = h5::dataset_plist(a);
        const h5::Plist right_plist = h5::dataset_plist(b);
        if (storage(left_plist.get()) != storage(right_plist.get()))
            differs(path, "another layout or filters");
        compare_data(a, b, left_space.get(), left_type.get(), readable(left_plist.get()), path);
    }

    /// Layout, chunk shape and filters as text.
    static std::string storage(hid_t plist) {
        const H5D_layout_t layout = h5::call("read a layout", [&] { return H5Pget_layout(plist); });
        std::string text = std::to_string(static_cast<int>(layout));
        if (layout != H5D_CHUNKED) return text;
        for (const std::uint64_t size : chunk_of(plist))
            text.append(" ").append(std::to_string(size));
        const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist); });
        for (int i = 0; i < filters; ++i) {
            unsigned flags = 0;
            unsigned values[32] = {};
            std::size_t count = 32;
            const H5Z_filter_t filter = h5::call("read filters", [&] {
                return H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &count, values, 0,
                                      nullptr, nullptr);
            });
            text += " f";
            text += std::to_string(filter);
            for (std::size_t v = 0; v < std::min<std::size_t>(count, 32); ++v) {
                text += ',';
                text += std::to_string(values[v]);
            }
        }
        return text;
    }

    static Shape chunk_of(hid_t plist) {
        std::vector<hsize_t> dims(H5S_MAX_RANK);
        const int rank = h5::call("read a chunk shape",
                                  [&] { return H5Pget_chunk(plist, H5S_MAX_RANK, dims.data()); });
        return {dims.begin(), dims.begin() + rank};
    }

    static bool readable(hid_t plist) {
        const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist); });
        for (int i = 0; i < filters; ++i) {
            std::size_t count = 0;
            const H5Z_filter_t filter = h5::call("read filters", [&] {
                return H5Pget_filter2(plist, static_cast<unsigned>(i), nullptr, &count, nullptr, 0,
                                      nullptr, nullptr);
            });
            if (h5::call("look for a filter", [&] { return H5Zfilter_avail(filter); }) <= 0)
                return false;
        }
        return true;
    }

    void compare_data(hid_t a, hid_t b, hid_t space, hid_t type, bool can_decode,
                      const std::string& path) {
        if (!can_decode) return compare_chunks(a, b, path);
        const Shape shape = h5::space_shape(space);
        const auto points =
            h5::call("read a shape", [&] { return H5Sget_simple_extent_npoints(space); });
        if (points == 0) return;
        std::size_t element_bytes = 0;
        h5::call("read a type size",
                 [&] { return (element_bytes = H5Tget_size(type)) == 0 ? -1 : 0; });
        const std::uint64_t rows = shape.empty() ? 1 : shape[0];
        const std::uint64_t row_bytes = static_cast<std::uint64_t>(points) / rows * element_bytes;
        const std::uint64_t step =
            std::max<std::uint64_t>(1, kBlockBytes / std::max<std::uint64_t>(1, row_bytes));
        for (std::uint64_t row = 0; row < rows; row += step) {
            const std::uint64_t count = std::min(step, rows - row);
            if (!equal_raw(read_rows(a, type, shape, row, count),
                           read_rows(b, type, shape, row, count))) {
                return differs(path, "other data");
            }
        }
    }

    static h5::RawValue read_rows(hid_t dataset, hid_t type, const Shape& shape, std::uint64_t row,
                                  std::uint64_t rows) {
        Shape block = shape;
        if (!block.empty()) block[0] = rows;
        h5::RawValue value(h5::copy_type(type), h5::create_space(block));
        const h5::Space file_space = h5::dataset_space(dataset);
        if (!shape.empty()) {
            std::vector<hsize_t> start(shape.size(), 0);
            const std::vector<hsize_t> count(block.begin(), block.end());
            start[0] = row;
            h5::call("select rows", [&] {
                return H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                           count.data(), nullptr);
            });
        }
        h5::call("read the data", [&] {
            return H5Dread(dataset, value.type(), value.space(), file_space.get(), H5P_DEFAULT,
                           value.bytes().data());
        });
        value.read_done();
        return value;
    }

    struct Chunk {
        std::vector<hsize_t> offset;
        std::uint32_t mask = 0;
        std::vector<unsigned char> bytes;
        bool operator==(const Chunk&) const = default;
    };
    static Chunk read_chunk(hid_t dataset, hid_t space, hsize_t number) {
        Chunk chunk;
        chunk.offset.resize(H5S_MAX_RANK);
        hsize_t bytes = 0;
        unsigned mask = 0;
        haddr_t address = 0;
        h5::call("find a chunk", [&] {
            return H5Dget_chunk_info(dataset, space, number, chunk.offset.data(), &mask, &address,
                                     &bytes);
        });
        chunk.bytes.resize(bytes);
        h5::call("read a chunk", [&] {
            return H5Dread_chunk(dataset, H5P_DEFAULT, chunk.offset.data(), &chunk.mask,
                                 chunk.bytes.data());
        });
        return chunk;
    }

    /// For filters that this machine lacks: the chunks as they are.
    void compare_chunks(hid_t a, hid_t b, const std::string& path) {
        // 1.10.8 takes no H5S_ALL here.
        const h5::Space left = h5::dataset_space(a);
        const h5::Space right = h5::dataset_space(b);
        hsize_t ours = 0;
        hsize_t theirs = 0;
        h5::call("count chunks", [&] { return H5Dget_num_chunks(a, left.get(), &ours); });
        h5::call("count chunks", [&] { return H5Dget_num_chunks(b, right.get(), &theirs); });
        bool same = ours == theirs;
        for (hsize_t i = 0; same && i < ours; ++i) {
            same = read_chunk(a, left.get(), i) == read_chunk(b, right.get(), i);
        }
        if (!same) differs(path, "other chunks");
    }

    const CheckpointReader::Impl& original_;
    const CheckpointReader::Impl& derived_;
    std::map<haddr_t, haddr_t> partners_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> compare_untouched(const CheckpointReader& original,
                                           const CheckpointReader& derived) {
    try {
        return Comparison(original.impl(), derived.impl()).run();
    } catch (const h5::Failure& failure) {
        throw Error(ErrorCode::kInput, derived.info().file + ": " + failure.what());
    }
}

}  // namespace pal
