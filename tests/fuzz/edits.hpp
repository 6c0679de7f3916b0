// Decodes the bytes of a fuzzer's input into edits of a palettized file; makes the files to edit.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/h5/attributes.hpp"
#include "tests/fuzz/one_thread.hpp"
#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pal::test {

/// Takes an input apart. Gives zeros and empty texts once it is used up.
class EditSource {
  public:
    EditSource(const std::uint8_t* data, std::size_t size)
        : rest_(reinterpret_cast<const char*>(data), size) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    /// Returns a number from 0 to count - 1.
    std::size_t number(std::size_t count) { return static_cast<unsigned char>(byte()) % count; }
    std::int64_t integer() {
        // Three of four are small, the others of any size.
        if (number(4) != 0) return static_cast<signed char>(byte());
        std::int64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(byte());
        return value;
    }
    /// Returns the text up to the next zero byte.
    std::string text() {
        const std::size_t end = rest_.find('\0');
        std::string part(rest_.substr(0, end));
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return part;
    }

  private:
    char byte() {
        if (rest_.empty()) return 0;
        const char first = rest_.front();
        rest_.remove_prefix(1);
        return first;
    }
    std::string_view rest_;
};

inline constexpr std::size_t kSpecKinds = 5;

inline std::array<PalettizationSpec, kSpecKinds> specs_of_each_kind() {
    std::array<PalettizationSpec, kSpecKinds> specs;
    for (PalettizationSpec& spec : specs) spec.n_bits = 2;
    specs[1].granularity = {GranularityKind::kPerGroupedChannel, 0, 2};
    specs[1].enable_per_channel_scale = true;
    specs[2].cluster_dim = 2;
    specs[2].n_bits = 8;
    specs[3].lut_qspec.emplace().dtype = LutDType::kInt8;
    specs[4].lut_qspec.emplace().dtype = LutDType::kFloat8E4M3;
    return specs;
}

inline void write_checkpoint(const std::string& path) {
    const Id file = create_file(path);
    const auto values_of = [](std::size_t count) {
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(i * i % 7) - 3.0;
        return values;
    };
    const std::vector<double> values = values_of(32);
    // Enough for chunks of indices, also of vectors of 2.
    write_dataset(file, "a.weight", H5T_IEEE_F32LE, {66, 64}, values_of(std::size_t{66} * 64));
    const Id plist(H5Pcreate(H5P_DATASET_CREATE));
    const std::array<hsize_t, 2> chunk{2, 4};
    ok(H5Pset_chunk(plist, 2, chunk.data()));
    ok(H5Pset_deflate(plist, 1));
    write_dataset(file, "b.weight", H5T_IEEE_F64LE, {8, 4}, values, plist);
    write_dataset(file, "bias", H5T_IEEE_F32LE, {32}, values);
}

inline void copy_file(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

inline Dims small_dims(EditSource& edits) {
    Dims dims(edits.number(5));
    for (hsize_t& size : dims) size = 1 + edits.number(16);
    return dims;
}

inline hid_t some_type(EditSource& edits) {
    const std::array<hid_t, 8> types{H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_U8LE,  H5T_STD_I8LE,
                                     H5T_STD_I64LE,  H5T_IEEE_F32BE, H5T_STD_U16LE, H5T_STD_B8LE};
    return types[edits.number(types.size())];
}

inline void edit_attribute(EditSource& edits, hid_t object, const std::string& name) {
    if (ok(H5Aexists(object, name.c_str())) > 0) ok(H5Adelete(object, name.c_str()));
    const std::size_t kind = edits.number(4);
    if (kind == 0) {
        const std::string text = edits.text();
        const char* const bytes = text.c_str();
        write_attribute(object, name, variable_string_type(), space_of({}), &bytes);
    } else if (kind == 1) {
        write_string(object, name, edits.text() + " ");
    } else if (kind == 2) {
        std::vector<std::int64_t> values(1 + edits.number(5));
        for (std::int64_t& value : values) value = edits.integer();
        const Dims dims = values.size() == 1 ? Dims{} : Dims{values.size()};
        write_attribute(object, name, H5T_NATIVE_INT64, space_of(dims), values.data());
    } else {
        write_attribute(object, name, some_type(edits), space_of(small_dims(edits)), nullptr);
    }
}

/// Replaces a member by one of another type, shape, storage and value.
inline void replace_member(EditSource& edits, hid_t group, const std::string& name) {
    if (exists(group, name)) ok(H5Ldelete(group, name.c_str(), H5P_DEFAULT));
    const hid_t type = some_type(edits);
    const Dims dims = small_dims(edits);
    hsize_t count = 1;
    for (const hsize_t size : dims) count *= size;
    std::vector<double> values(count);
    for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 64); ++i) {
        values[i] = static_cast<double>(edits.integer());
    }
    const Id plist(H5Pcreate(H5P_DATASET_CREATE));
    if (!dims.empty() && edits.number(2) == 0) {
        ok(H5Pset_chunk(plist, static_cast<int>(dims.size()), dims.data()));
        if (edits.number(2) == 0) ok(H5Pset_nbit(plist));
    }
    write_dataset(group, name, type, dims, values, plist);
}

/// Replaces the stored bytes of the first chunk of indices.
inline void replace_chunk(EditSource& edits, hid_t group) {
    if (!exists(group, "indices")) return;
    const Id dataset(H5Dopen2(group, "indices", H5P_DEFAULT));
    const Id plist(H5Dget_create_plist(dataset));
    if (H5Pget_layout(plist) != H5D_CHUNKED) return;
    std::array<hsize_t, H5S_MAX_RANK> offset{};
    const std::string bytes = edits.text() + "x";
    ok(H5Dwrite_chunk(dataset, H5P_DEFAULT, static_cast<std::uint32_t>(edits.number(2)),
                      offset.data(), bytes.size(), bytes.data()));
}

/// Replaces the values of a member; keeps its type and shape.
inline void change_values(EditSource& edits, hid_t group, const std::string& name) {
    if (!exists(group, name)) return;
    const Id dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT));
    const Id space(H5Dget_space(dataset));
    const auto count = static_cast<std::size_t>(ok(H5Sget_simple_extent_npoints(space)));
    std::vector<double> values(count);
    const std::array<double, 6> special{0, -1, 1e300, -1e-300, __builtin_nan(""), __builtin_inf()};
    for (double& value : values) value = special[edits.number(special.size())];
    ok(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
}

inline void edit_documents(EditSource& edits, hid_t file) {
    const std::string text = edits.text();
    const char* const bytes = text.c_str();
    if (exists(file, "h5palettize/config")) ok(H5Ldelete(file, "h5palettize/config", H5P_DEFAULT));
    const Id type = variable_string_type();
    const Id dataset = create_dataset(file, "h5palettize/config", type, {});
    ok(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &bytes));
}

/// Applies the edits to the file at `path`; leaves out those that the library refuses.
inline void apply(EditSource& edits, const std::string& path) {
    ok(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr));
    const Id file = open_file(path, H5F_ACC_RDWR);
    for (int done = 0; done < 8 && !edits.empty(); ++done) {
        try {
            const Id group = open(file, edits.number(2) == 0 ? "a.weight" : "b.weight");
            const std::string member(h5::kGroupMembers[edits.number(std::size(h5::kGroupMembers))]);
            const std::size_t kind = edits.number(8);
            if (kind == 0) {
                ok(H5Ldelete(group, member.c_str(), H5P_DEFAULT));
            } else if (kind == 1) {
                replace_member(edits, group, member);
            } else if (kind == 2) {
                replace_chunk(edits, group);
                return;  // the library itself writes past a chunk that is too short
            } else if (kind == 3) {
                change_values(edits, group, member);
            } else if (kind == 4) {
                edit_documents(edits, file);
            } else {
                const auto count = std::size(h5::kGroupAttributes);
                edit_attribute(edits, group,
                               std::string(h5::kGroupAttributes[edits.number(count)]));
            }
        } catch (const std::runtime_error&) {
            continue;
        }
    }
}

}  // namespace pal::test
