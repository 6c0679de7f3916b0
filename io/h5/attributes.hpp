// Private to io/: attributes, and the names of those that the format adds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/h5/raw_value.hpp"

namespace pal::h5 {

/// Attributes that a palettized group has beside the dataset's own.
inline constexpr std::string_view kGroupAttributes[] = {
    "palettized_shape",   "palettized_dtype",    "palettized_spec", "palettized_storage_type",
    "palettized_storage", "output_channel_axis", "group_axis",      "group_size"};
[[nodiscard]] bool is_group_attribute(std::string_view name) noexcept;
/// Its members; which of them are there depends on the spec.
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

/// A scalar string attribute of fixed or variable length; none where it is missing or something
/// else.
[[nodiscard]] std::optional<std::string> read_string_attribute(hid_t object,
                                                               const std::string& name);
/// An integer attribute, scalar or one-dimensional; none where it is missing or something else.
[[nodiscard]] std::optional<std::vector<std::int64_t>> read_integers(hid_t object,
                                                                     const std::string& name);

/// Scalar UTF-8 string of variable length, which h5py shows as str and which may be long. Kept for
/// the process.
[[nodiscard]] hid_t utf8_string_type();
void write_string_attribute(hid_t object, const std::string& name, const std::string& value);
/// rank 0 for `scalar`, else one dimension.
void write_integers(hid_t object, const std::string& name, const std::vector<std::int64_t>& values,
                    bool scalar);

/// Copies the attribute as it is: type, space, character set, value.
void copy_attribute(hid_t from, hid_t to, const std::string& name);

[[nodiscard]] RawValue read_raw_attribute(hid_t object, const std::string& name);

}  // namespace pal::h5
