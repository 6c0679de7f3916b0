// A palettization spec from YAML. Only for configs/.
#pragma once

#include "configs/text/fields.hpp"
#include "configs/text/yaml.hpp"
#include "stages/tensor/spec.hpp"

namespace pal::yaml {

/// The keys of a spec. Throws Error(kUsage) for anything that coreai_opt's PalettizationSpec does
/// not allow.
[[nodiscard]] const FieldMap<PalettizationSpec>& spec_fields();
[[nodiscard]] PalettizationSpec parse_spec(const Place& place);

/// As allowed_field_values() of configs/text/spec_options.hpp.
[[nodiscard]] std::vector<std::string> allowed_values(std::string_view field);

/// Adds the definitions of a spec and of what is in it to "$defs" of a schema.
void add_spec_definitions(Schema& definitions);

}  // namespace pal::yaml
