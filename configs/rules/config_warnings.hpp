// Warnings about a config alone, before any checkpoint is at hand.
#pragma once

#include <string>
#include <vector>

#include "configs/model/config.hpp"

namespace pal {

/// Warns if the config selects no state, of types that look misspelt, and of rules for one module
/// that a later rule takes (for at most 1000 name rules, since each is compared with each).
[[nodiscard]] std::vector<std::string> config_warnings(const Config& config);

}  // namespace pal
