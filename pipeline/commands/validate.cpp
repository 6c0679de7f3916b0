// validate: checks config files alone, without a checkpoint.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "configs/rules/config_warnings.hpp"
#include "configs/text/parse_config.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// A config file, read or refused.
struct Validated {
    std::optional<Config> config;
    std::string error;
    std::vector<std::string> warnings;
};

Validated validated(const std::string& file) {
    Validated result;
    try {
        result.config = load_config(file, file);
        result.warnings = config_warnings(*result.config);
    } catch (const Error& error) {  // from config_warnings too: a pattern that gives up
        result.config.reset();
        result.error = error.what();
    }
    return result;
}

Json validated_json(const std::string& file, const Validated& result) {
    Json entry;
    put_path(entry, file);
    entry["ok"] = result.config.has_value();
    if (result.config) {
        entry["name_rules"] = result.config->module_name_configs.size();
        entry["type_rules"] = result.config->module_type_configs.size();
        entry["warnings"] = result.warnings;
    } else {
        entry["error"] = result.error;
    }
    return entry;
}

void show(const std::string& file, const Validated& result) {
    for (const std::string& warning : result.warnings) log_warning(warning);
    if (!result.config) return log_error(result.error);
    std::cout << fmt::format("{}: ok ({} name rules, {} type rules)\n", printable(file),
                             result.config->module_name_configs.size(),
                             result.config->module_type_configs.size());
}

int execute_validate(const Arguments& arguments) {
    bool all_ok = true;
    Json document;
    document["configs"] = Json::array();
    for (const std::string& file : arguments.positionals) {
        const Validated result = validated(file);
        all_ok = all_ok && result.config.has_value();
        document["configs"].push_back(validated_json(file, result));
        if (!arguments.flag("json")) show(file, result);
    }
    if (arguments.flag("json")) std::cout << json_document(document);
    return all_ok ? 0 : static_cast<int>(ErrorCode::kUsage);
}

}  // namespace

Command validate_command() {
    return {"validate",
            "CONFIG...",
            "checks config files alone: the first error of each, and what looks odd",
            "h5palettize validate palettize.yaml",
            1,
            kAnyNumber,
            {OptionGroup::kJson},
            execute_validate};
}

}  // namespace pal
