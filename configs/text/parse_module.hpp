// Reads the config of a module from YAML, and the rules that hold such configs.
#pragma once

#include <vector>

#include "configs/model/config.hpp"
#include "configs/text/fields.hpp"

namespace pal::yaml {

/// Keys of global_config and of a rule's config.
[[nodiscard]] const FieldMap<ModuleConfig>& module_fields();

/// Reads a module's config. Every spec in it gets the module's rounding settings. Throws
/// Error(kUsage).
[[nodiscard]] ModuleConfig parse_module_config(const Place& place);

/// Kind of value: module_type_configs or module_name_configs, a map of names to configs, or null.
struct Rules {
    bool by_type = false;

    void read(const Place& place, std::vector<ModuleRule>& rules) const;
    [[nodiscard]] static Schema schema();
};

/// Adds the definitions of a module config and of its parts to "$defs" of a schema.
void add_module_definitions(Schema& definitions);

}  // namespace pal::yaml
