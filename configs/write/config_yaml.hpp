// A config as YAML, for people to edit.
#pragma once

#include <string>

#include "configs/model/config.hpp"

namespace pal {

/// YAML without the fields that have their default. parse_config reads it back to the same value.
[[nodiscard]] std::string config_to_yaml(const Config& config);

}  // namespace pal
