#include "configs/text/parse_module.hpp"

#include <fmt/format.h>

#include "configs/text/parse_spec.hpp"
#include "configs/text/values.hpp"

namespace pal::yaml {

namespace {

/// Kind of value: a map of state names to specs. Null: all states stay dense.
struct States {
    static StateSpecs parse(const Place& place) {
        if (is_null(place)) return {{"*", std::nullopt}};
        StateSpecs specs;
        for (const auto& [state, value] : entries(place)) {
            if (is_null(value)) {
                specs.emplace_back(state, std::nullopt);
            } else {
                specs.emplace_back(state, parse_spec(value));
            }
        }
        return specs;
    }
    static void read(const Place& place, std::optional<StateSpecs>& states) {
        states = parse(place);
    }
    static void read(const Place& place, StateSpecs& states) { states = parse(place); }
    static Schema schema() { return nullable(map_to(nullable(spec_fields().schema()))); }
};

/// Kind of value: specs for inputs and outputs. Upstream writes them empty; a weight-only
/// compression has none.
struct Inactive {
    static void check(const Place& place) {
        if (is_null(place)) return;
        for (const auto& [key, value] : entries(place)) {
            if (!is_null(value))
                fail(value, "palettization is weight-only; leave inputs and outputs out");
        }
    }
    static Schema schema() { return nullable(map_to(null_schema())); }
};

template <class Target>
Field<Target> inactive_field(std::string name) {
    return checked_field<Target>(
        std::move(name), "Palettization is weight-only: null, or a map of nulls", Inactive{});
}

const FieldMap<OpConfig>& op_fields() {
    static const FieldMap<OpConfig> kFields{
        "op_config",
        "What becomes of the states of an operation",
        {field("op_state_spec", "State name, or \"*\": its spec, or null: dense", States{},
               &OpConfig::op_state_spec),
         inactive_field<OpConfig>("op_input_spec"), inactive_field<OpConfig>("op_output_spec")},
        {}};
    return kFields;
}

/// Compiles the key of an entry by name; nullopt for an entry by type. Done while reading, so that
/// a bad pattern is an error even if no tensor comes that far.
std::optional<Pattern> parse_key(bool by_type, const std::string& level, const std::string& key,
                                 const Place& value) {
    if (by_type) return std::nullopt;
    return Pattern(key, position(value) + ": " + level + " '" + key + "'");
}

/// Kind of value: op_type_config or op_name_config.
struct Ops {
    bool by_type = false;

    void read(const Place& place, std::vector<OpRule>& rules) const {
        rules.clear();
        if (is_null(place)) return;
        for (const auto& [name, value] : entries(place)) {
            OpConfig config{StateSpecs{{"*", std::nullopt}}};
            if (!is_null(value)) op_fields().read(value, config);
            rules.push_back(
                {name, std::move(config), parse_key(by_type, "op_name_config", name, value)});
        }
    }
    static Schema schema() { return nullable(map_to(nullable(op_fields().schema()))); }
};

void pass_on_rounding(StateSpecs& specs, const ModuleConfig& config) {
    for (auto& [state, spec] : specs) {
        if (!spec) continue;
        spec->enable_fast_kmeans_mode = config.enable_fast_kmeans_mode;
        spec->rounding_precision = config.rounding_precision;
    }
}

/// Gives every spec of a module the module's rounding settings.
void pass_on_rounding(ModuleConfig& config) {
    if (config.op_state_spec) pass_on_rounding(*config.op_state_spec, config);
    pass_on_rounding(config.module_state_spec, config);
    for (auto* ops : {&config.op_type_config, &config.op_name_config}) {
        for (OpRule& op : *ops) {
            if (op.config.op_state_spec) pass_on_rounding(*op.config.op_state_spec, config);
        }
    }
}

/// Refuses vectors if the file itself sets enable_fast_kmeans_mode to true, which is the default.
void refuse_rounded_vectors(const Place& map, const ModuleConfig& config) {
    if (!config.enable_fast_kmeans_mode || !config.op_state_spec) return;
    for (const auto& [key, value] : entries(map)) {
        if (key != "enable_fast_kmeans_mode") continue;
        for (const auto& [state, spec] : *config.op_state_spec) {
            if (!spec || spec->cluster_dim == 1) continue;
            fail(value,
                 fmt::format("enable_fast_kmeans_mode does not go with cluster_dim {} (state '{}')",
                             spec->cluster_dim, state));
        }
    }
}

Schema rounded_vectors_condition() {
    Schema condition;
    condition["if"] = {{"properties", {{"enable_fast_kmeans_mode", {{"const", true}}}}},
                       {"required", Schema::array({"enable_fast_kmeans_mode"})}};
    const Schema no_vectors{{"properties", {{"cluster_dim", Integers{{1}, "1", true}.schema()}}}};
    condition["then"]["properties"]["op_state_spec"]["additionalProperties"] = no_vectors;
    return condition;
}

}  // namespace

const FieldMap<ModuleConfig>& module_fields() {
    constexpr long long kMostDecimals = 30;  // beyond the last decimal of any f16
    using Module = ModuleConfig;
    static const FieldMap<Module> kFields{
        "module_config",
        "What becomes of the states of a module and of all below it",
        {field("op_state_spec",
               "State name, or \"*\": its spec, or null: dense. `weight` covers Keras' kernels too",
               States{}, &Module::op_state_spec),
         field("op_type_config", "Layer type: what holds in its place, the later entry first",
               Ops{true}, &Module::op_type_config),
         field("op_name_config",
               "Pattern of a module path or its last part: what holds in its place; beats types",
               Ops{false}, &Module::op_name_config),
         field("module_state_spec", "For the states of this very module; beats the others",
               Nullable{States{}}, &Module::module_state_spec),
         field("enable_fast_kmeans_mode", "For --engine reference: round to float16 (default true)",
               Boolean{}, &Module::enable_fast_kmeans_mode),
         field("rounding_precision", "For --engine reference: decimals (default 4)",
               Positive<int>{kMostDecimals}, &Module::rounding_precision),
         inactive_field<Module>("op_input_spec"), inactive_field<Module>("op_output_spec"),
         inactive_field<Module>("module_input_spec"), inactive_field<Module>("module_output_spec"),
         checked_field<Module>("pat_schedule", "Is for training: no effect here", ForTraining{})},
        {{refuse_rounded_vectors, rounded_vectors_condition()}}};
    return kFields;
}

void Rules::read(const Place& place, std::vector<ModuleRule>& rules) const {
    rules.clear();
    if (is_null(place)) return;
    for (const auto& [name, value] : entries(place)) {
        ModuleRule rule{name, std::nullopt, value.line(),
                        parse_key(by_type, "module_name_configs", name, value)};
        if (!is_null(value)) rule.config = parse_module_config(value);
        rules.push_back(std::move(rule));
    }
}

Schema Rules::schema() { return nullable(map_to(nullable(module_fields().schema()))); }

ModuleConfig parse_module_config(const Place& place) {
    ModuleConfig config;
    module_fields().read_into(place, config);
    pass_on_rounding(config);
    return config;
}

void add_module_definitions(Schema& definitions) {
    definitions[module_fields().name] = module_fields().definition();
    definitions[op_fields().name] = op_fields().definition();
    add_spec_definitions(definitions);
}

}  // namespace pal::yaml
