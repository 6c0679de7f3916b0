// A config: coreai_opt's kmeans_palettization_config as validated values.
//
// The parts of configs/: model is the config and its vocabulary, text reads YAML, rules decide
// which tensors are palettized and how, write turns a config into YAML or JSON.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configs/model/pattern.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// State name ("weight", "*") -> spec, or nullopt = leave dense. In the order of the file.
using StateSpecs = std::vector<std::pair<std::string, std::optional<PalettizationSpec>>>;

struct OpConfig {
    std::optional<StateSpecs> op_state_spec;  // absent: the default state names
};

/// An entry of op_type_config or op_name_config.
struct OpRule {
    std::string name;  // type or pattern
    OpConfig config;
    std::optional<Pattern> pattern;  // in op_name_config only
};

/// The config of a module: global_config, or the value of a rule.
struct ModuleConfig {
    /// Absent: the default state names. A null in the file becomes {"*": dense}.
    std::optional<StateSpecs> op_state_spec;
    std::vector<OpRule> op_type_config;
    std::vector<OpRule> op_name_config;
    StateSpecs module_state_spec;  // for this module only; beats op_state_spec
    /// The config is a preset, or made of options: `weight` covers every kernel, also torch's
    /// recurrent ones, which have other names.
    bool every_kernel = false;
    bool enable_fast_kmeans_mode = true;
    int rounding_precision = 4;
};

/// An entry of module_type_configs or module_name_configs.
struct ModuleRule {
    std::string name;                    // type or pattern
    std::optional<ModuleConfig> config;  // nullopt: leave dense
    int line = 0;                        // in the config file; 0 for presets and options
    std::optional<Pattern> pattern;      // in module_name_configs only
};

struct Config {
    std::string source;  // file name, "preset w4" or "options"; for messages
    std::string note;    // about settings without effect; empty: there are none
    std::optional<ModuleConfig> global_config = ModuleConfig{};  // nullopt: dense by default
    std::vector<ModuleRule> module_type_configs;
    std::vector<ModuleRule> module_name_configs;
};

}  // namespace pal
