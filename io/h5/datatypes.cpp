#include "io/h5/datatypes.hpp"

#include <bit>
#include <set>

#include "io/h5/attributes.hpp"

namespace pal::h5 {

namespace {

struct FloatLayout {
    DType dtype;
    std::size_t bytes, exponent_bits, mantissa_bits, bias;
};
constexpr FloatLayout kFloats[] = {{DType::kF16, 2, 5, 10, 15},
                                   {DType::kBF16, 2, 8, 7, 127},
                                   {DType::kF32, 4, 8, 23, 127},
                                   {DType::kF64, 8, 11, 52, 1023}};

/// Returns true if a number takes all bits of its bytes. Where it converts others, the library sets
/// the remaining bits to its padding.
bool fills_its_bytes(hid_t type, std::size_t bytes) {
    std::size_t precision = 0;
    int offset = 0;
    return succeeds([&] { return (precision = H5Tget_precision(type)) == 0 ? -1 : 0; }) &&
           succeeds([&] { return offset = H5Tget_offset(type); }) && precision == 8 * bytes &&
           offset == 0;
}

struct FloatFields {
    std::size_t sign = 0, exponent = 0, exponent_bits = 0, mantissa = 0, mantissa_bits = 0,
                bias = 0;
};

StoredType classify_float(hid_t type, std::size_t bytes) {
    FloatFields f;
    call("read a float type", [&] {
        return H5Tget_fields(type, &f.sign, &f.exponent, &f.exponent_bits, &f.mantissa,
                             &f.mantissa_bits);
    });
    f.bias =
        call("read a float type", [&] { return static_cast<std::int64_t>(H5Tget_ebias(type)); });
    const H5T_order_t order = call("read a byte order", [&] { return H5Tget_order(type); });
    const H5T_norm_t norm = call("read a float type", [&] { return H5Tget_norm(type); });
    StoredType stored;
    stored.big_endian = order == H5T_ORDER_BE;
    stored.name = "float of " + std::to_string(bytes * 8) + " bits";
    for (const FloatLayout& known : kFloats) {
        const bool same = bytes == known.bytes && f.exponent_bits == known.exponent_bits &&
                          f.mantissa_bits == known.mantissa_bits && f.bias == known.bias &&
                          f.mantissa == 0 && f.exponent == known.mantissa_bits &&
                          f.sign == bytes * 8 - 1 && norm == H5T_NORM_IMPLIED &&
                          (order == H5T_ORDER_LE || order == H5T_ORDER_BE) &&
                          fills_its_bytes(type, bytes);
        if (!same) continue;
        stored.dtype = known.dtype;
        stored.name = dtype_name(known.dtype);
    }
    return stored;
}

bool is_called_bfloat16(hid_t object) {
    return object >= 0 && read_string_attribute(object, "dtype") == "bfloat16";
}

StoredType classify_integer(hid_t type, std::size_t bytes, hid_t object) {
    const H5T_order_t order = call("read a byte order", [&] { return H5Tget_order(type); });
    const bool is_signed =
        call("read an integer type", [&] { return H5Tget_sign(type); }) == H5T_SGN_2;
    StoredType stored;
    stored.big_endian = order == H5T_ORDER_BE;
    stored.name = (is_signed ? "int" : "uint") + std::to_string(bytes * 8);
    if (bytes == 2 && !is_signed && fills_its_bytes(type, bytes) && is_called_bfloat16(object)) {
        stored.dtype = DType::kBF16;
        stored.bfloat16_by_attribute = true;
        stored.name = "bfloat16 (as uint16)";
    }
    return stored;
}

/// Keras 3 writes bfloat16 as numpy's kind V: opaque bytes, in the order of most machines.
StoredType classify_opaque(std::size_t bytes, hid_t object) {
    StoredType stored;
    stored.name = "opaque";
    if (bytes == 2 && is_called_bfloat16(object)) {
        stored.dtype = DType::kBF16;
        stored.bfloat16_by_attribute = true;
        stored.name = "bfloat16 (as opaque)";
    }
    return stored;
}

std::string class_name(H5T_class_t kind) {
    switch (kind) {
        case H5T_STRING:
            return "string";
        case H5T_COMPOUND:
            return "compound";
        case H5T_REFERENCE:
            return "reference";
        case H5T_ENUM:
            return "enum";
        case H5T_VLEN:
            return "variable-length list";
        case H5T_ARRAY:
            return "array";
        case H5T_BITFIELD:
            return "bitfield";
        case H5T_TIME:
            return "time";
        default:
            return "unknown type";
    }
}

/// Returns true if test(type, class) is true for the type or any type inside.
template <class Test>
bool any_part(hid_t type, const Test& test) {
    const H5T_class_t kind = type_class(type);
    if (test(type, kind)) return true;
    if (kind == H5T_VLEN || kind == H5T_ARRAY) return any_part(base_type(type).get(), test);
    if (kind != H5T_COMPOUND) return false;
    return any_member(type, [&](hid_t member, std::size_t) { return any_part(member, test); });
}

/// The library tells members apart by their names where it compares, copies and converts types.
bool has_members_of_one_name(hid_t compound) {
    std::set<std::string> names;
    const int members = call("read a compound", [&] { return H5Tget_nmembers(compound); });
    for (int i = 0; i < members; ++i) {
        char* name = nullptr;
        call("read a compound", [&] {
            name = H5Tget_member_name(compound, static_cast<unsigned>(i));
            return name == nullptr ? -1 : 0;
        });
        const bool is_new = names.insert(name).second;
        H5free_memory(name);
        if (!is_new) return true;
    }
    return false;
}

std::uint16_t swap_bytes(std::uint16_t bits) {
    return static_cast<std::uint16_t>((bits << 8) | (bits >> 8));
}

}  // namespace

Type copy_type(hid_t type) {
    return Type(call("copy a datatype", [&] { return H5Tcopy(type); }));
}

Type base_type(hid_t type) {
    return Type(call("read a base type", [&] { return H5Tget_super(type); }));
}

H5T_class_t type_class(hid_t type) {
    return call("read a type class", [&] { return H5Tget_class(type); });
}

std::size_t type_bytes(hid_t type) {
    std::size_t bytes = 0;
    call("read a type size", [&] { return (bytes = H5Tget_size(type)) == 0 ? -1 : 0; });
    return bytes;
}

bool equal_types(hid_t a, hid_t b) {
    return call("compare types", [&] { return H5Tequal(a, b); }) > 0;
}

bool is_variable_string(hid_t type) {
    return call("read a string type", [&] { return H5Tis_variable_str(type); }) > 0;
}

StoredType classify_type(hid_t type, hid_t object) {
    const H5T_class_t kind = type_class(type);
    const std::size_t bytes = type_bytes(type);
    StoredType stored;
    if (kind == H5T_FLOAT) {
        stored = classify_float(type, bytes);
    } else if (kind == H5T_INTEGER) {
        stored = classify_integer(type, bytes, object);
    } else if (kind == H5T_OPAQUE) {
        stored = classify_opaque(bytes, object);
    } else {
        stored.name = class_name(kind);
    }
    if (stored.big_endian && bytes > 1) stored.name += " big-endian";
    return stored;
}

bool foreign_order(const StoredType& stored) noexcept {
    return stored.big_endian == (std::endian::native == std::endian::little);
}

bool holds_references(hid_t type) {
    return any_part(type, [](hid_t, H5T_class_t kind) { return kind == H5T_REFERENCE; });
}

bool holds_variable_length(hid_t type) {
    return any_part(type, [](hid_t part, H5T_class_t kind) {
        return kind == H5T_VLEN || (kind == H5T_STRING && is_variable_string(part));
    });
}

bool is_damaged(hid_t type) {
    return any_part(type, [](hid_t part, H5T_class_t kind) {
        if (kind == H5T_FLOAT || kind == H5T_INTEGER)  // of no bits
            return !succeeds([&] { return H5Tget_precision(part) == 0 ? -1 : 0; });
        if (kind == H5T_COMPOUND) return has_members_of_one_name(part);
        return kind == H5T_ENUM && type_bytes(part) != type_bytes(base_type(part).get());
    });
}

WeightValues read_values(hid_t dataset, hid_t type, const StoredType& stored, std::size_t count) {
    const auto read = [&](hid_t memory_type, void* buffer) {
        if (count == 0) return;
        call("read the data",
             [&] { return H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer); });
    };
    if (*stored.dtype == DType::kF64) {
        std::vector<double> values(count);
        read(H5T_NATIVE_DOUBLE, values.data());
        return values;
    }
    std::vector<float> values(count);
    if (*stored.dtype == DType::kF32) {
        read(H5T_NATIVE_FLOAT, values.data());
        return values;
    }
    // The library's own conversion of 2-byte floats takes some 50 ns per value, and it does not
    // know bfloat16 in integers.
    std::vector<std::uint16_t> bits(count);
    read(type, bits.data());
    const bool swap = foreign_order(stored);
    const bool half = *stored.dtype == DType::kF16;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t b = swap ? swap_bytes(bits[i]) : bits[i];
        values[i] = half ? half_to_float(b) : bfloat16_to_float(b);
    }
    return values;
}

void write_values(hid_t dataset, hid_t type, const StoredType& stored, const WeightValues& values) {
    const auto write = [&](hid_t memory_type, const void* buffer) {
        call("write the data",
             [&] { return H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer); });
    };
    if (const auto* doubles = std::get_if<std::vector<double>>(&values)) {
        if (!doubles->empty() && *stored.dtype == DType::kF64)
            return write(H5T_NATIVE_DOUBLE, doubles->data());
        std::vector<float> floats(doubles->begin(), doubles->end());
        return write_values(dataset, type, stored, floats);
    }
    const auto& floats = std::get<std::vector<float>>(values);
    if (floats.empty()) return;
    if (*stored.dtype == DType::kF32 || *stored.dtype == DType::kF64) {
        return write(H5T_NATIVE_FLOAT, floats.data());
    }
    std::vector<std::uint16_t> bits(floats.size());
    const bool swap = foreign_order(stored);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const std::uint16_t b =
            *stored.dtype == DType::kF16 ? float_to_half(floats[i]) : float_to_bfloat16(floats[i]);
        bits[i] = swap ? swap_bytes(b) : b;
    }
    write(type, bits.data());
}

}  // namespace pal::h5
