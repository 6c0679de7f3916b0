// Datatypes (H5T): what a stored type is, for the program and for people, and values of the four
// weight types. All functions throw Failure.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

#include "io/h5/handles.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal::h5 {

/// Returns a transient copy: a committed type of one file cannot be used in another.
[[nodiscard]] Type copy_type(hid_t type);
/// Returns the type of an array's or list's elements, or of an enumeration's values.
[[nodiscard]] Type base_type(hid_t type);
[[nodiscard]] H5T_class_t type_class(hid_t type);
/// Returns the bytes of one value.
[[nodiscard]] std::size_t type_bytes(hid_t type);
[[nodiscard]] bool equal_types(hid_t a, hid_t b);
/// Returns true for a string of variable length.
[[nodiscard]] bool is_variable_string(hid_t type);

/// Calls test(type, offset in bytes) for the members of a compound until it returns true. Returns
/// true if it did.
template <class Test>
bool any_member(hid_t compound, const Test& test) {
    const int count = call("read a compound", [&] { return H5Tget_nmembers(compound); });
    for (unsigned m = 0; m < static_cast<unsigned>(count); ++m) {
        const Type type(call("read a compound", [&] { return H5Tget_member_type(compound, m); }));
        std::size_t offset = 0;
        succeeds([&] {
            offset = H5Tget_member_offset(compound, m);
            return 0;
        });
        if (test(type.get(), offset)) return true;
    }
    return false;
}

/// Calls visit(type, address) for the values directly inside of one in memory: the members of a
/// compound, the elements of an array, of a variable-length sequence or of an enumeration. Byte:
/// unsigned char, const or not.
template <class Byte, class Visit>
void for_each_inside(hid_t type, Byte* value, const Visit& visit) {
    const H5T_class_t kind = type_class(type);
    if (kind == H5T_COMPOUND) {
        any_member(type, [&](hid_t member, std::size_t offset) {
            visit(member, value + offset);
            return false;
        });
        return;
    }
    const Type base = base_type(type);
    const std::size_t step = type_bytes(base.get());
    std::size_t count = type_bytes(type) / step;
    if (kind == H5T_VLEN) {
        hvl_t sequence{};
        std::memcpy(&sequence, value, sizeof sequence);
        count = sequence.len;
        value = static_cast<Byte*>(sequence.p);
    }
    for (std::size_t i = 0; i < count; ++i) visit(base.get(), value + i * step);
}

struct StoredType {
    std::optional<DType> dtype;          // f16, bf16, f32, f64; no other float
    bool bfloat16_by_attribute = false;  // of uint16, or of 2 opaque bytes as Keras 3 writes
    bool big_endian = false;
    std::string name;  // "float32 big-endian", "int64", "string", "compound"
};

/// Classifies a type. object: the dataset or attribute with that type; its attribute dtype =
/// "bfloat16" makes a uint16 or 2 opaque bytes a bfloat16.
[[nodiscard]] StoredType classify_type(hid_t type, hid_t object);

/// Returns true if the bytes of a value are stored in the other order than this machine's.
[[nodiscard]] bool foreign_order(const StoredType& stored) noexcept;

/// Looks for object or region references, at any depth.
[[nodiscard]] bool holds_references(hid_t type);
/// Looks for variable-length data or strings, at any depth. H5Dvlen_reclaim must free them.
[[nodiscard]] bool holds_variable_length(hid_t type);

/// Looks for damage, at any depth: a number of no bits, a compound with two members of one name, or
/// an enumeration whose size is not that of its integers. The library reads and copies what is in
/// memory behind values of such enumerations.
[[nodiscard]] bool is_damaged(hid_t type);

/// Reads a whole dataset of a weight type; `count` elements, checked by the caller.
[[nodiscard]] WeightValues read_values(hid_t dataset, hid_t type, const StoredType& stored,
                                       std::size_t count);
/// Writes a whole dataset of a weight type. Every value must be exact in that type.
void write_values(hid_t dataset, hid_t type, const StoredType& stored, const WeightValues& values);

}  // namespace pal::h5
