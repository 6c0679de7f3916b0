// Presets: the files configs/presets/*.yaml, compiled in.
#pragma once

#include <string>
#include <vector>

#include "configs/model/config.hpp"

namespace pal {

struct Preset {
    std::string name;
    std::string yaml;
};

/// All presets by name, ascending. The build generates the source that defines it.
[[nodiscard]] const std::vector<Preset>& presets();

[[nodiscard]] std::vector<std::string> preset_names();

/// Parses a preset: "w4", "w6", "w8". Throws Error(kUsage) for another name.
[[nodiscard]] Config preset_config(const std::string& name);

}  // namespace pal
