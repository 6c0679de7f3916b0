// Configs made from values: by command-line options, or by a tool that chose a spec per module.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "configs/model/config.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// Makes a config with one spec for `weight` and `in_proj_weight` of every module.
[[nodiscard]] Config config_of_spec(const PalettizationSpec& spec);

/// Module path -> state name -> spec; nullopt: dense.
using ModuleSpecs = std::map<std::string, std::map<std::string, std::optional<PalettizationSpec>>>;

/// Makes a config with one name rule per module, which matches the whole module path. Everything
/// else stays dense.
[[nodiscard]] Config config_of_modules(const ModuleSpecs& modules);

}  // namespace pal
