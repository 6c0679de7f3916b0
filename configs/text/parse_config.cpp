#include "configs/text/parse_config.hpp"

#include "configs/text/fields.hpp"
#include "configs/text/parse_module.hpp"
#include "configs/text/parse_spec.hpp"
#include "configs/text/text_file.hpp"
#include "configs/text/yaml.hpp"

namespace pal {

namespace {

using yaml::Place;
using yaml::Schema;

/// Kind of value: the config of every module that no rule names.
struct GlobalConfig {
    static void read(const Place& place, std::optional<ModuleConfig>& config) {
        config.reset();
        if (yaml::is_null(place)) return;
        config = yaml::parse_module_config(place);
        if (config->module_state_spec.empty()) return;
        yaml::fail(place,
                   "global_config cannot have module_state_spec; module_type_configs and "
                   "module_name_configs can");
    }
    static Schema schema() {
        Schema config = yaml::module_fields().schema();
        config["properties"]["module_state_spec"]["maxProperties"] = 0;
        return yaml::nullable(std::move(config));
    }
};

const yaml::FieldMap<Config>& palettization_fields() {
    static const yaml::FieldMap<Config> kFields{
        "kmeans_palettization_config",
        "Names beat types, types beat global_config, and of two rules the later one wins",
        {yaml::field("global_config",
                     "For modules that no rule names (without it: 4 bits, per tensor); null: dense",
                     GlobalConfig{}, &Config::global_config),
         yaml::field("module_type_configs",
                     "Layer type, of torch or Keras: config of such layers; null: dense",
                     yaml::Rules{true}, &Config::module_type_configs),
         yaml::field(
             "module_name_configs",
             "Regular expression (of Python) of a whole module path: config of the module and "
             "all below it; null: dense",
             yaml::Rules{false}, &Config::module_name_configs)},
        {}};
    return kFields;
}

const char* const kTopKey = "kmeans_palettization_config";

void require_top_key(const Place& document, const Config& /*config*/) {
    for (const auto& [key, value] : yaml::entries(document)) {
        if (key == kTopKey) return;
    }
    yaml::fail(document, std::string(kTopKey) + " is missing");
}

const yaml::FieldMap<Config>& document_fields() {
    static const yaml::FieldMap<Config> kFields{
        "document",
        "A configuration of h5palettize: which tensors are palettized, and how",
        {{kTopKey, "The configuration",
          [](const Place& value, Config& config) {
              palettization_fields().read_into(value, config);
          },
          palettization_fields().schema()},
         {"palettization_spec", "A place for YAML anchors; nothing in it is read",
          [](const Place&, Config&) {}, Schema::object()}},
        {{require_top_key, {{"required", Schema::array({kTopKey})}}}}};
    return kFields;
}

/// Notes the first setting of training, other than the default strategy.
void note_training(const Place& place, Config& config) {
    if (!place.node.IsMap()) return;
    for (const auto& [key, value] : yaml::entries(place)) {
        if (!config.note.empty()) return;
        const bool is_one = key == "pat_schedule" || key == "training_strategy_config" ||
                            key == "training_strategy_spec";
        if (!is_one) {
            note_training(value, config);
            continue;
        }
        const YAML::Node& node = value.node;
        const bool is_default =
            node.IsNull() || (node.IsMap() && node.size() == 1 && node["type"].IsDefined() &&
                              node["type"].Scalar() == "default");
        if (!is_default) {
            config.note = yaml::position(value) + ": " + key +
                          " is for training, and has no effect on a checkpoint";
        }
    }
}

}  // namespace

Config parse_config(std::string_view text, const std::string& source) {
    const Place document = yaml::load(text, source);
    Config config;
    config.source = source;
    document_fields().read_into(document, config);
    note_training(document, config);
    return config;
}

std::string config_schema() {
    Schema schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                  {"title", "h5palettize configuration"}};
    schema.update(document_fields().definition());
    Schema& definitions = schema["$defs"];
    definitions[palettization_fields().name] = palettization_fields().definition();
    yaml::add_module_definitions(definitions);
    return schema.dump(2) + "\n";
}

Config load_config(const std::string& file, const std::string& label) {
    return parse_config(read_text_file(file, label), file);
}

}  // namespace pal
