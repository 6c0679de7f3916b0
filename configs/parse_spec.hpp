// A palettization spec from YAML. Only for configs/.
#pragma once

#include "configs/yaml.hpp"
#include "stages/spec.hpp"

namespace pal::yaml {

/// Throws Error(kUsage) for anything that coreai_opt's PalettizationSpec does not allow.
[[nodiscard]] PalettizationSpec parse_spec(const Place& place);

/// As allowed_field_values() of configs/config.hpp.
[[nodiscard]] std::vector<std::string> allowed_values(std::string_view field);

}  // namespace pal::yaml
