// Private to io/: what a datatype is, for the program and for people, and values of the four weight
// types as stored bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::h5 {

struct StoredType {
    std::optional<DType> dtype;  // f16, bf16, f32, f64; no other float
    bool bfloat16_as_uint16 = false;
    bool big_endian = false;
    std::string name;  // "float32 big-endian", "int64", "string", "compound"
};

/// object: what holds the type; its attribute dtype = "bfloat16" makes a uint16 a bfloat16.
[[nodiscard]] StoredType classify_type(hid_t type, hid_t object);

/// Returns the bytes of one value.
[[nodiscard]] std::size_t type_bytes(hid_t type);
[[nodiscard]] bool equal_types(hid_t a, hid_t b);

/// Are the bytes of a stored value in the other order than this machine's?
[[nodiscard]] bool foreign_order(const StoredType& stored) noexcept;

/// Object or region references, at any depth.
[[nodiscard]] bool holds_references(hid_t type);
/// Variable-length data or strings, at any depth: what H5Dvlen_reclaim must free.
[[nodiscard]] bool holds_variable_length(hid_t type);

/// At any depth, an enumeration whose size is not that of its integers (of such values the library
/// reads and copies what is in memory behind them), a number of no bits, or a compound with members
/// of one name.
[[nodiscard]] bool is_damaged(hid_t type);

[[nodiscard]] std::string filter_name(H5Z_filter_t filter);

/// Reads a whole dataset of a weight type; `count` elements, checked by the caller.
[[nodiscard]] WeightValues read_values(hid_t dataset, hid_t type, const StoredType& stored,
                                       std::size_t count);
/// Writes a whole dataset of `stored`; values exactly representable.
void write_values(hid_t dataset, hid_t type, const StoredType& stored, const WeightValues& values);

}  // namespace pal::h5
