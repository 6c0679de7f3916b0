// Attributes (H5A), and the names that the format adds to a file. All functions throw Failure but
// those that only look at a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/h5/raw_value.hpp"

namespace pal::h5 {

/// Attributes of a palettized group beside those of the dataset in whose place it is.
inline constexpr std::string_view kGroupAttributes[] = {
    "palettized_shape",    "palettized_dtype",    "palettized_spec", "palettized_storage_type",
    "palettized_storage",  "output_channel_axis", "group_axis",      "group_size",
    "output_channel_dims", "group_dims"};
[[nodiscard]] bool is_group_attribute(std::string_view name) noexcept;
/// Name of a dataset's attribute in the group that takes the dataset's place. Attributes that say
/// what kind of object they belong to would mislead readers there: PyTables' CLASS, those of
/// dimension scales. Such a name gets a prefix.
[[nodiscard]] std::string name_in_group(const std::string& name);
/// Undoes name_in_group().
[[nodiscard]] std::string name_in_dataset(const std::string& name);
/// True for names that a dataset's own attributes may not have if it is palettized.
[[nodiscard]] bool is_reserved_attribute(const std::string& name);
/// Members of a palettized group; the spec decides which of them are there.
inline constexpr std::string_view kGroupMembers[] = {"indices",
                                                     "lut",
                                                     "per_channel_scale",
                                                     "quantized_lut",
                                                     "lut_quantization_scale",
                                                     "lut_quantization_zero_point"};
[[nodiscard]] bool is_group_member(std::string_view name) noexcept;
inline constexpr std::string_view kRootAttributes[] = {"h5palettize_format", "h5palettize_version",
                                                       "h5palettize_complete"};
[[nodiscard]] bool is_root_attribute(std::string_view name) noexcept;
inline constexpr const char* kDocumentGroup = "h5palettize";
inline constexpr const char* kConfigDataset = "config";  // its only member

/// Lists the attributes of an object: in creation order if the object tracks it, else by name.
[[nodiscard]] std::vector<std::string> list_attributes(hid_t object);
[[nodiscard]] bool has_attribute(hid_t object, const std::string& name);
[[nodiscard]] Attribute open_attribute(hid_t object, const std::string& name);
[[nodiscard]] Type attribute_type(hid_t attribute);

/// Reads a scalar string of fixed or variable length; none if it is missing or something else.
[[nodiscard]] std::optional<std::string> read_string_attribute(hid_t object,
                                                               const std::string& name);
/// Reads integers, scalar or one-dimensional; none if the attribute is missing or something else.
[[nodiscard]] std::optional<std::vector<std::int64_t>> read_integers(hid_t object,
                                                                     const std::string& name);

/// Returns the type of a UTF-8 string of variable length, kept for the process. h5py shows such a
/// string as str, and it may be long.
[[nodiscard]] hid_t utf8_string_type();
/// Returns the type of a string of fixed length that holds the text: of ASCII if it is, since
/// Octave reads no other, else of UTF-8.
[[nodiscard]] Type fixed_string_type(const std::string& text);
void write_string_attribute(hid_t object, const std::string& name, const std::string& value);
/// Writes integers: one of rank 0 if `scalar`, else one dimension.
void write_integers(hid_t object, const std::string& name, const std::vector<std::int64_t>& values,
                    bool scalar);

/// Returns the bytes of an attribute in an object's header, values of variable length left out.
[[nodiscard]] std::uint64_t attribute_bytes(hid_t attribute, const std::string& name);

/// Copies an attribute unchanged, if under a new name: type, space, character set, value.
void copy_attribute(hid_t from, hid_t to, const std::string& name, const std::string& new_name);

[[nodiscard]] RawValue read_raw_attribute(hid_t object, const std::string& name);

}  // namespace pal::h5
