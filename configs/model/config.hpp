// The configuration of a run: coreai_opt's kmeans_palettization_config as validated values, and its
// rules applied to the tensors of a checkpoint. The only folder that knows YAML and regular
// expressions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "configs/model/pattern.hpp"
#include "stages/tensor/error.hpp"
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
    std::optional<Pattern> pattern;  // of op_name_config
};

struct ModuleConfig {
    std::optional<StateSpecs>
        op_state_spec;  // absent: the default state names; a null in the file is {"*": dense}
    std::vector<OpRule> op_type_config;
    std::vector<OpRule> op_name_config;
    StateSpecs module_state_spec;  // this module only, beats op_state_spec
    bool enable_fast_kmeans_mode = true;
    int rounding_precision = 4;
};

/// A rule of module_name_configs or module_type_configs: name and config (nullopt: leave dense).
struct ModuleRule {
    std::string name;  // type or pattern
    std::optional<ModuleConfig> config;
    int line = 0;                    // in the config file; 0 for presets and options
    std::optional<Pattern> pattern;  // of module_name_configs
};

struct Config {
    std::string source;  // file name, "preset w4" or "options"
    std::optional<ModuleConfig> global_config = ModuleConfig{};  // nullopt: nothing by default
    std::vector<ModuleRule> module_type_configs;
    std::vector<ModuleRule> module_name_configs;
};

/// A JSON Schema (draft 2020-12) of what parse_config accepts, made from the tables that it reads
/// by. What it cannot say: merge keys, the syntax of patterns, limits of size, 4.0 for 4.
[[nodiscard]] std::string config_schema();

/// Parses and validates YAML or JSON text. Throws Error(kUsage) with "source:line:column: key.path:
/// found ..., allowed ...".
[[nodiscard]] Config parse_config(std::string_view text, const std::string& source);
/// `label` names the file in errors that the file as a whole is the cause of.
[[nodiscard]] Config load_config(const std::string& file, const std::string& label);
[[nodiscard]] Config preset_config(const std::string& name);  // "w4", "w6", "w8"
/// What is odd whatever the checkpoint: no state selected, types that look misspelt, rules for one
/// module that a later rule takes (of at most 1000 rules).
[[nodiscard]] std::vector<std::string> config_warnings(const Config& config);
/// One spec for every default state name: what the command line's --n-bits etc. describe.
[[nodiscard]] Config config_of_spec(const PalettizationSpec& spec);

/// Validates a spec given field by field as text, for the command line; keys are the spec's field
/// names, "granularity" etc. flattened: n_bits, granularity, axis, group_size, cluster_dim,
/// enable_per_channel_scale, lut_dtype, lut_qscheme, lut_scale_dtype, lut_float_min, lut_float_max.
/// Throws Error(kUsage) that names the option.
[[nodiscard]] PalettizationSpec spec_from_fields(const std::map<std::string, std::string>& fields);

/// The values of a field of spec_from_fields, and of "preset", as messages name them; empty where
/// they are no fixed list.
[[nodiscard]] std::vector<std::string> allowed_field_values(std::string_view field);

/// By module path and state name; nullopt: dense.
using ModuleSpecs = std::map<std::string, std::map<std::string, std::optional<PalettizationSpec>>>;

/// A rule for each module, by its whole path, with what each of its states gets; what is not among
/// them stays dense.
[[nodiscard]] Config config_of_modules(const ModuleSpecs& modules);

/// YAML for people, with fields that have their default left out; parse_config reads it back.
[[nodiscard]] std::string config_to_yaml(const Config& config);

/// Every field resolved; parse_config reads it back to the same value.
[[nodiscard]] std::string config_to_json(const Config& config);

/// A tensor as the rules see it.
struct Candidate {
    std::string path;  // "/conv2d_1/conv2d_1/kernel:0"
    std::size_t rank = 0;
    bool is_float = false;  // f16, bf16, f32, f64
    std::uint64_t element_count = 0;
    std::vector<std::string> aliases = {};  // its other paths: hard links
};

struct Decision {
    std::optional<PalettizationSpec> spec;  // set: selected
    std::string reason;  // why not, or which rule won: "module_name_configs 'layers\..*' (line 12)"
    bool by_name = false;     // --include or a name rule asks for it
    std::string module_path;  // dotted; of the path that the decision was made by
    std::string state_name;
};

struct SelectionOptions {
    std::string include;  // PCRE2, whole dataset paths or modules; empty: none
    std::string exclude;
    bool allow_unmatched_rules = false;  // an unmatched rule is then a warning
};

struct Selection {
    std::vector<Decision> decisions;    // one a candidate, same order
    std::vector<std::string> warnings;  // rules and filters that come to nothing
};

/// Applies the rules to the tensors of a file. layer_types: layer name -> Keras class, with what a
/// wrapper wraps ("TimeDistributed(Dense)"), empty where
/// the file has none. Throws Error(kUsage): a rule that matches nothing (named, with the nearest
/// module names), a type rule without types, a pattern that backtracks without end, an include or
/// exclude that is bad or matches nothing, nothing selected at all (what was looked for, what names
/// the file has, what to pass instead). Pure.
[[nodiscard]] Selection select_tensors(const Config& config,
                                       const std::vector<Candidate>& candidates,
                                       const std::map<std::string, std::string>& layer_types,
                                       const SelectionOptions& options);

/// A file among several: its candidates begin at `first` and end where those of the next file do.
struct CandidateFile {
    std::string name;  // for messages
    std::size_t first = 0;
    const std::map<std::string, std::string>* layer_types = nullptr;
};

/// The same for the tensors of several files together, of which there is at least one: a rule or
/// filter comes to nothing where it does so in all of them, and each file has layer types of its
/// own.
[[nodiscard]] Selection select_tensors_of_files(const Config& config,
                                                const std::vector<Candidate>& candidates,
                                                const std::vector<CandidateFile>& files,
                                                const SelectionOptions& options);

/// Module path and state name of a dataset path (semantics: '/' and '.' separate, ":0" stripped,
/// bare numbers and param_N are "weight" for rank 2 and more, else "bias"). `module_names` holds
/// the spellings that rules see: the full dotted path, and without Keras' repeated layer name.
struct TensorName {
    std::vector<std::string> module_names;
    std::string state_name;
};
[[nodiscard]] TensorName tensor_name(const std::string& path, std::size_t rank);

}  // namespace pal
