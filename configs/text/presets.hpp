// The presets that are compiled in: configs/presets/*.yaml by name.
#pragma once

#include <string>
#include <vector>

namespace pal {

struct Preset {
    std::string name;
    std::string yaml;
};

/// By name, ascending.
[[nodiscard]] const std::vector<Preset>& presets();

}  // namespace pal
