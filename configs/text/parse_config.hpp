// Reads a config from YAML or JSON; the JSON Schema of configs is made from the same tables.
#pragma once

#include <string>
#include <string_view>

#include "configs/model/config.hpp"

namespace pal {

/// Parses and validates YAML or JSON text. Throws Error(kUsage) with "source:line:column: key.path:
/// found ..., allowed ...".
[[nodiscard]] Config parse_config(std::string_view text, const std::string& source);

/// Reads and parses a file. `label` names the file in errors that concern the file as a whole.
[[nodiscard]] Config load_config(const std::string& file, const std::string& label);

/// JSON Schema (draft 2020-12) of the texts that parse_config accepts. It cannot express merge
/// keys, the syntax of patterns, limits of size, and 4.0 for 4.
[[nodiscard]] std::string config_schema();

}  // namespace pal
