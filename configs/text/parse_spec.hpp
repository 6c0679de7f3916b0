// Reads a palettization spec from YAML.
#pragma once

#include "configs/text/fields.hpp"
#include "configs/text/yaml.hpp"
#include "stages/tensor/spec.hpp"

namespace pal::yaml {

/// Keys of a spec.
[[nodiscard]] const FieldMap<PalettizationSpec>& spec_fields();

/// Reads a spec. Throws Error(kUsage) for anything that coreai_opt's PalettizationSpec does not
/// allow.
[[nodiscard]] PalettizationSpec parse_spec(const Place& place);

/// Values of a field by its command-line name, as allowed_field_values() in
/// configs/text/spec_options.hpp returns them.
[[nodiscard]] std::vector<std::string> allowed_values(std::string_view field);

/// Adds the definitions of a spec and of its parts to "$defs" of a schema.
void add_spec_definitions(Schema& definitions);

}  // namespace pal::yaml
