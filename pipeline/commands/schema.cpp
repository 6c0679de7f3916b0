// schema: prints the JSON Schema of config files, for editors.
#include <iostream>

#include "configs/text/parse_config.hpp"
#include "pipeline/commands/commands.hpp"

namespace pal {

Command schema_command() {
    return {"schema",
            "",
            "prints a JSON Schema of config files, for editors",
            "h5palettize schema > palettize.schema.json",
            0,
            0,
            {},
            [](const Arguments&) {
                std::cout << config_schema();
                return 0;
            }};
}

}  // namespace pal
