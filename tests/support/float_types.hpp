// HDF5 datatypes that the program accepts as weights.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "stages/tensor/dtype.hpp"
#include "tests/support/hdf5_files.hpp"

namespace pal::test {

/// Makes a float type with 8 exponent and 7 mantissa bits: HDF5 1.10 has no bfloat16 of its own.
inline Id bfloat16_type(H5T_order_t order) {
    Id type(H5Tcopy(H5T_IEEE_F32LE));
    ok(H5Tset_fields(type, 15, 7, 8, 0, 7));
    ok(H5Tset_precision(type, 16));
    ok(H5Tset_size(type, 2));
    ok(H5Tset_ebias(type, 127));
    ok(H5Tset_order(type, order));
    return type;
}
inline Id half_type(H5T_order_t order) {
    Id type(H5Tcopy(H5T_IEEE_F32LE));
    ok(H5Tset_fields(type, 15, 10, 5, 0, 10));
    ok(H5Tset_precision(type, 16));
    ok(H5Tset_size(type, 2));
    ok(H5Tset_ebias(type, 15));
    ok(H5Tset_order(type, order));
    return type;
}

struct FloatType {
    std::string name;  // as DatasetInfo::stored_type shows it
    DType dtype;
    Id type;
    bool as_uint16 = false;  // bit patterns and an attribute dtype = "bfloat16"
};

inline std::vector<FloatType> float_types() {
    std::vector<FloatType> types;
    const auto add = [&](const char* name, DType dtype, Id type, bool as_uint16 = false) {
        types.push_back({name, dtype, std::move(type), as_uint16});
    };
    add("float16", DType::kF16, half_type(H5T_ORDER_LE));
    add("float16 big-endian", DType::kF16, half_type(H5T_ORDER_BE));
    add("bfloat16", DType::kBF16, bfloat16_type(H5T_ORDER_LE));
    add("bfloat16 big-endian", DType::kBF16, bfloat16_type(H5T_ORDER_BE));
    add("bfloat16 (as uint16)", DType::kBF16, Id(H5Tcopy(H5T_STD_U16LE)), true);
    add("bfloat16 (as uint16) big-endian", DType::kBF16, Id(H5Tcopy(H5T_STD_U16BE)), true);
    add("float32", DType::kF32, Id(H5Tcopy(H5T_IEEE_F32LE)));
    add("float32 big-endian", DType::kF32, Id(H5Tcopy(H5T_IEEE_F32BE)));
    add("float64", DType::kF64, Id(H5Tcopy(H5T_IEEE_F64LE)));
    add("float64 big-endian", DType::kF64, Id(H5Tcopy(H5T_IEEE_F64BE)));
    return types;
}

/// Bit pattern of a value that bfloat16 represents exactly.
inline std::uint16_t bfloat16_pattern(double value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >>
                                      16);
}

/// Values in memory for H5Dwrite to a dataset of `type`: doubles, or bit patterns.
struct MemoryValues {
    MemoryValues(const FloatType& type, const std::vector<double>& values) : doubles(values) {
        if (!type.as_uint16) return;
        for (const double value : values) patterns.push_back(bfloat16_pattern(value));
    }
    [[nodiscard]] hid_t type() const {
        return patterns.empty() ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT16;
    }
    [[nodiscard]] const void* data() const {
        return patterns.empty() ? static_cast<const void*>(doubles.data()) : patterns.data();
    }
    std::vector<double> doubles;
    std::vector<std::uint16_t> patterns;
};

/// Creates a dataset of `type` without values.
inline Id create_weights(hid_t parent, const std::string& name, const FloatType& type,
                         const Dims& dims, hid_t plist = H5P_DEFAULT) {
    Id dataset = create_dataset(parent, name, type.type, dims, plist);
    if (type.as_uint16) write_string(dataset, "dtype", "bfloat16");
    return dataset;
}
inline void write_weights(hid_t dataset, const FloatType& type, const std::vector<double>& values,
                          hid_t memory_space = H5S_ALL, hid_t file_space = H5S_ALL) {
    const MemoryValues memory(type, values);
    ok(H5Dwrite(dataset, memory.type(), memory_space, file_space, H5P_DEFAULT, memory.data()));
}

}  // namespace pal::test
