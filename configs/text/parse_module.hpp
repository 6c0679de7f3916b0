// The config of a module from YAML, and the rules that hold such configs. Only for configs/.
#pragma once

#include <vector>

#include "configs/model/config.hpp"
#include "configs/text/fields.hpp"

namespace pal::yaml {

/// The keys of global_config and of a rule's config.
[[nodiscard]] const FieldMap<ModuleConfig>& module_fields();
/// Throws Error(kUsage). Every spec in it carries the module's rounding settings.
[[nodiscard]] ModuleConfig parse_module_config(const Place& place);

/// module_type_configs and module_name_configs: a map of names to configs, or null.
struct Rules {
    bool by_type = false;

    void read(const Place& place, std::vector<ModuleRule>& rules) const;
    [[nodiscard]] static Schema schema();
};

/// Adds the definitions of a module config and of what is in it to "$defs" of a schema.
void add_module_definitions(Schema& definitions);

}  // namespace pal::yaml
