// A spec from command-line options, validated by the tables that read config files.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stages/tensor/spec.hpp"

namespace pal {

/// Validates a spec given as texts by field name. Nested fields are flattened: n_bits, granularity,
/// axis, group_size, cluster_dim, enable_per_channel_scale, lut_dtype, lut_qscheme,
/// lut_scale_dtype, lut_float_min, lut_float_max. Throws Error(kUsage) that names the field.
[[nodiscard]] PalettizationSpec spec_from_fields(const std::map<std::string, std::string>& fields);

/// Values that a field of spec_from_fields, or "preset", may have, as messages name them. Empty
/// for a field without a fixed list.
[[nodiscard]] std::vector<std::string> allowed_field_values(std::string_view field);

}  // namespace pal
