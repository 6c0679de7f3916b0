#include "configs/text/presets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configs/text/parse_config.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const Preset& preset : presets()) names.push_back(preset.name);
    return names;
}

Config preset_config(const std::string& name) {
    for (const Preset& preset : presets()) {
        if (preset.name != name) continue;
        Config config = parse_config(preset.yaml, "preset " + name);
        if (config.global_config) config.global_config->every_kernel = true;
        return config;
    }
    throw Error(ErrorCode::kUsage, fmt::format("--preset: found '{}', allowed are {}", name,
                                               fmt::join(preset_names(), ", ")));
}

}  // namespace pal
