#include "pipeline/cli/options.hpp"

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "configs/model/make_config.hpp"
#include "configs/text/parse_config.hpp"
#include "configs/text/parse_types.hpp"
#include "configs/text/presets.hpp"
#include "configs/text/spec_options.hpp"
#include "io/files/check_target.hpp"
#include "io/files/paths.hpp"
#include "pipeline/machine/memory.hpp"
#include "pipeline/machine/threads.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::map<std::string, std::string> spec_fields(const Arguments& arguments) {
    std::map<std::string, std::string> fields;
    for (const Option& option : options_in({OptionGroup::kConfig})) {
        if (option.spec_field.empty() || !arguments.has(option.name)) continue;
        fields[std::string(option.spec_field)] =
            option.takes_value() ? arguments.text(option.name) : "true";
    }
    return fields;
}

void add_file(const Arguments& arguments, std::string_view option, const std::string& what,
              std::vector<UsedFile>& files) {
    if (arguments.has(option)) files.push_back({arguments.text(option), what});
}

/// Files that options came from.
std::vector<UsedFile> configuration_files(const Arguments& arguments) {
    std::vector<UsedFile> files;
    add_file(arguments, "config", "the config file", files);
    add_file(arguments, "types", "the file with the types", files);
    add_file(arguments, "sensitivity", "the file with the sensitivities", files);
    for (const std::string& file : arguments.option_files)
        files.push_back({file, "the options file"});
    return files;
}

}  // namespace

ReadOptions read_options_from(const Arguments& arguments) {
    return {arguments.flag("follow-external"), arguments.flag("allow-plugins")};
}

std::unique_ptr<const CheckpointReader> sensitivities_from(const Arguments& arguments) {
    require_file_name(arguments, "sensitivity");
    if (!arguments.has("sensitivity")) {
        for (const char* option : {"sensitivity-normalize", "sensitivity-missing"}) {
            if (arguments.has(option))
                throw Error(ErrorCode::kUsage, std::string("--") + option + " needs --sensitivity");
        }
        return nullptr;
    }
    return std::make_unique<CheckpointReader>(arguments.text("sensitivity"),
                                              read_options_from(arguments));
}

Config config_from(const Arguments& arguments) {
    const auto fields = spec_fields(arguments);
    const int sources = (arguments.has("config") ? 1 : 0) + (arguments.has("preset") ? 1 : 0) +
                        (fields.empty() ? 0 : 1);
    if (sources > 1) {
        throw Error(
            ErrorCode::kUsage,
            "--config, --preset and spec options (--n-bits, --granularity, --lut-dtype ...) "
            "exclude each other; give one of them");
    }
    if (arguments.has("config"))
        return load_config(arguments.text("config"), "--config " + arguments.text("config"));
    if (arguments.has("preset")) return preset_config(arguments.text("preset"));
    if (!fields.empty()) return config_of_spec(spec_from_fields(fields));
    Config config;
    config.source = "defaults";
    config.global_config->every_kernel = true;
    return config;
}

PlanOptions plan_options_from(const Arguments& arguments) {
    PlanOptions options;
    for (const char* filter : {"include", "exclude", "drop"}) {
        if (arguments.has(filter) && arguments.text(filter).empty()) {
            throw Error(ErrorCode::kUsage, "--" + std::string(filter) +
                                               ": is empty; give a regular expression, or leave "
                                               "the option out");
        }
    }
    options.selection.include = arguments.text("include");
    options.selection.exclude = arguments.text("exclude");
    options.selection.allow_unmatched_rules = arguments.flag("allow-unmatched-rules");
    options.strict = arguments.flag("strict");
    options.memory_bytes = memory_from(arguments);
    options.cluster.engine = choice_of(arguments, "engine", kEngineChoices);
    if (arguments.has("certify")) options.cluster.certify = positive_number(arguments, "certify");
    options.cluster.seed =
        whole_number(arguments, "seed", 0, std::numeric_limits<std::uint64_t>::max());
    options.layout = choice_of(arguments, "layout", kLayoutChoices);
    require_file_name(arguments, "types");
    if (arguments.has("types"))
        options.types = load_types(arguments.text("types"), "--types " + arguments.text("types"));
    options.dense_if_larger = choice_of(arguments, "if-larger", kIfLargerChoices);
    options.allow_partial_groups = choice_of(arguments, "partial-groups", kPartialGroupsChoices);
    return options;
}

LogOptions log_options_from(const Arguments& arguments) {
    if (arguments.flag("quiet") && arguments.flag("verbose"))
        throw Error(ErrorCode::kUsage, "--quiet and --verbose exclude each other");
    LogOptions options;
    if (arguments.flag("quiet")) options.verbosity = Verbosity::kQuiet;
    if (arguments.flag("verbose")) options.verbosity = Verbosity::kVerbose;
    options.format = choice_of(arguments, "log-format", kLogFormatChoices);
    return options;
}

std::size_t threads_from(const Arguments& arguments) {
    if (!arguments.has("threads")) return available_threads();
    return whole_number(arguments, "threads", 1, 1024);
}

std::uint64_t memory_from(const Arguments& arguments) {
    return arguments.has("memory") ? parse_bytes(arguments.text("memory"))
                                   : usable_memory_bytes() / 2;
}

bool skips_nonfinite(const Arguments& arguments) {
    return choice_of(arguments, "on-nonfinite", kOnNonfiniteChoices);
}

void check_output(const Arguments& arguments) {
    const std::string& target = arguments.positionals[1];
    for (const UsedFile& file : configuration_files(arguments)) {
        if (!same_file(target, file.path)) continue;
        throw Error(ErrorCode::kOutput, target + ": is " + file.what + "; choose another output");
    }
    check_target(arguments.positionals[0], target, arguments.flag("force"));
    const std::string replaced = behind_links(target);
    if (replaced != target)  // the folder behind the link
        check_target(arguments.positionals[0], replaced, arguments.flag("force"));
}

ReportFile new_file_from(const Arguments& arguments, const std::string& option) {
    require_file_name(arguments, option);
    std::vector<UsedFile> used = configuration_files(arguments);
    used.push_back({arguments.positionals[0], "the input", true});
    if (arguments.positionals.size() > 1) used.push_back({arguments.positionals[1], "the output"});
    used.insert(used.end(), arguments.others.begin(), arguments.others.end());
    for (const std::string& other : new_file_options()) {
        if (other != option) add_file(arguments, other, "the file of --" + other, used);
    }
    return {"--" + option, arguments.text(option), arguments.flag("force"), used};
}

}  // namespace pal
