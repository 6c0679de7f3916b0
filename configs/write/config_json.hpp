// A config as JSON.
#pragma once

#include <string>

#include "configs/model/config.hpp"

namespace pal {

/// One line of JSON with every field of a spec written out. parse_config reads it back to the same
/// value.
[[nodiscard]] std::string config_to_json(const Config& config);

}  // namespace pal
