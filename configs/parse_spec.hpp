// A palettization spec from YAML. Only for configs/.
#pragma once

#include "configs/yaml.hpp"
#include "stages/spec.hpp"

namespace pal::yaml {

/// Throws Error(kUsage) for anything that coreai_opt's PalettizationSpec does not allow.
[[nodiscard]] PalettizationSpec parse_spec(const Place& place);

}  // namespace pal::yaml
