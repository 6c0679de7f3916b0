// HDF5 files for tests, through the plain C API. Nothing here uses io/: files that tests build and
// read do not depend on the code under test. All functions throw if the library fails.
#pragma once

#include <hdf5.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace pal::test {

/// Values of small datasets.
inline const std::vector<double> kEightValues = {1, 2, 3, 4, 1, 2, 3, 4};

using Dims = std::vector<hsize_t>;
using Bytes = std::vector<unsigned char>;

/// Returns the result of a library call. Throws if the call failed.
template <class Result>
Result ok(Result result) {
    if (result < 0) throw std::runtime_error("a call of the HDF5 library failed");
    return result;
}

/// Owns any identifier of the library.
class Id {
  public:
    explicit Id(hid_t id) : id_(ok(id)) {}
    Id(Id&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Id(const Id&) = delete;
    Id& operator=(const Id&) = delete;
    Id& operator=(Id&&) = delete;
    ~Id() {
        if (id_ >= 0) H5Idec_ref(id_);
    }
    operator hid_t() const noexcept { return id_; }  // NOLINT: stands for the number everywhere

  private:
    hid_t id_;
};

struct FileOptions {
    bool latest = false;          // libver latest: superblock 3, links and attributes may be dense
    bool creation_order = false;  // tracked for the root's links and attributes
    hsize_t user_block_bytes = 0;
};

inline Id create_file(const std::string& path, const FileOptions& options = {}) {
    const Id creation(H5Pcreate(H5P_FILE_CREATE));
    const Id access(H5Pcreate(H5P_FILE_ACCESS));
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    ok(H5Pset_userblock(creation, options.user_block_bytes));
    if (options.latest) ok(H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
    if (options.creation_order) {
        ok(H5Pset_link_creation_order(creation, order));
        ok(H5Pset_attr_creation_order(creation, order));
    }
    return Id(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access));
}
/// Opens a file with the reader's close degree: the library opens a file twice only with the same
/// one.
inline Id open_file(const std::string& path, unsigned flags = H5F_ACC_RDONLY) {
    const Id access(H5Pcreate(H5P_FILE_ACCESS));
    ok(H5Pset_fclose_degree(access, H5F_CLOSE_SEMI));
    return Id(H5Fopen(path.c_str(), flags, access));
}
inline Id open(hid_t parent, const std::string& name) {
    return Id(H5Oopen(parent, name.c_str(), H5P_DEFAULT));
}
inline bool exists(hid_t parent, const std::string& name) {
    return ok(H5Lexists(parent, name.c_str(), H5P_DEFAULT)) > 0;
}
inline haddr_t address_of(hid_t parent, const std::string& name) {
    H5O_info_t info{};
    ok(H5Oget_info_by_name2(parent, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT));
    return info.addr;
}

/// Creates a simple dataspace. {}: scalar.
inline Id space_of(const Dims& dims) {
    return Id(dims.empty() ? H5Screate(H5S_SCALAR)
                           : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
}

inline Id create_dataset(hid_t parent, const std::string& name, hid_t type, const Dims& dims,
                         hid_t plist = H5P_DEFAULT) {
    return Id(
        H5Dcreate2(parent, name.c_str(), type, space_of(dims), H5P_DEFAULT, plist, H5P_DEFAULT));
}
/// Creates a dataset of `type`. The library converts the values from doubles.
inline Id write_dataset(hid_t parent, const std::string& name, hid_t type, const Dims& dims,
                        const std::vector<double>& values, hid_t plist = H5P_DEFAULT) {
    Id dataset = create_dataset(parent, name, type, dims, plist);
    ok(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
    return dataset;
}
inline Id create_group(hid_t parent, const std::string& name, hid_t plist = H5P_DEFAULT) {
    return Id(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, plist, H5P_DEFAULT));
}

/// Creates an attribute. bytes: its value in the form of `type`; null writes nothing.
inline void write_attribute(hid_t object, const std::string& name, hid_t type, hid_t space,
                            const void* bytes) {
    const Id attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
    if (bytes != nullptr) ok(H5Awrite(attribute, type, bytes));
}
inline Id fixed_string_type(std::size_t length) {
    Id type(H5Tcopy(H5T_C_S1));
    ok(H5Tset_size(type, length));
    return type;
}
inline Id variable_string_type() { return fixed_string_type(H5T_VARIABLE); }
inline void write_string(hid_t object, const std::string& name, const std::string& value) {
    write_attribute(object, name, fixed_string_type(value.size()), space_of({}), value.data());
}
/// Reads a scalar integer attribute.
inline long long read_integer(hid_t object, const std::string& name) {
    long long value = 0;
    const Id attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    ok(H5Aread(attribute, H5T_NATIVE_LLONG, &value));
    return value;
}

/// Reads a whole dataset or attribute of fixed-size elements. Bytes are as in the file.
inline Bytes raw_data(hid_t dataset) {
    const Id type(H5Dget_type(dataset));
    const Id space(H5Dget_space(dataset));
    const auto count = static_cast<std::size_t>(ok(H5Sget_simple_extent_npoints(space)));
    Bytes bytes(count * H5Tget_size(type));
    if (count > 0) ok(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
    return bytes;
}
inline Bytes raw_attribute(hid_t object, const std::string& name) {
    const Id attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    const Id type(H5Aget_type(attribute));
    const Id space(H5Aget_space(attribute));
    const auto count = static_cast<std::size_t>(ok(H5Sget_simple_extent_npoints(space)));
    Bytes bytes(count * H5Tget_size(type));
    if (count > 0) ok(H5Aread(attribute, type, bytes.data()));
    return bytes;
}

/// Names of the links of a group, or attributes of an object, in the order of `index`.
inline std::vector<std::string> link_names(hid_t group, H5_index_t index) {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
        static_cast<std::vector<std::string>*>(data)->emplace_back(name);
        return 0;
    };
    ok(H5Literate(group, index, H5_ITER_INC, nullptr, collect, &names));
    return names;
}
inline std::vector<std::string> attribute_names(hid_t object, H5_index_t index) {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* data) -> herr_t {
        static_cast<std::vector<std::string>*>(data)->emplace_back(name);
        return 0;
    };
    ok(H5Aiterate2(object, index, H5_ITER_INC, nullptr, collect, &names));
    return names;
}

}  // namespace pal::test
