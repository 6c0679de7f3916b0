#include "pipeline/cli/option_table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "configs/model/config.hpp"
#include "configs/text/spec_options.hpp"
#include "pipeline/cli/choices.hpp"

namespace pal {

namespace {

using enum OptionGroup;
using Text = std::string_view;

constexpr Option flag(OptionGroup group, Text name, Text text, char letter = 0) {
    return {.group = group, .name = name, .letter = letter, .raw_text = text};
}

constexpr Option file(OptionGroup group, Text name, Text text) {
    return {.group = group, .name = name, .kind = ValueKind::kFile, .raw_text = text};
}

constexpr Option new_file(OptionGroup group, Text name, Text text) {
    return {.group = group, .name = name, .kind = ValueKind::kNewFile, .raw_text = text};
}

constexpr Option value(OptionGroup group, Text name, Text text, Text fallback = "") {
    return {.group = group,
            .name = name,
            .kind = ValueKind::kText,
            .fallback = fallback,
            .raw_text = text};
}

template <const auto& table>
constexpr Option choice(OptionGroup group, Text name, Text text, Text fallback = "") {
    return {.group = group,
            .name = name,
            .kind = ValueKind::kChoice,
            .fallback = fallback,
            .named_choices = [] { return names_of(table); },
            .raw_text = text};
}

/// Sets a field of the spec. configs/ lists the values and checks them, since it accepts further
/// spellings.
constexpr Option spec(Text name, Text field, Text text, Text fallback = "") {
    return {.group = kConfig,
            .name = name,
            .kind = ValueKind::kText,
            .fallback = fallback,
            .spec_field = field,
            .raw_text = text};
}

constexpr Option spec_flag(Text name, Text field, Text text) {
    return {.group = kConfig, .name = name, .spec_field = field, .raw_text = text};
}

std::vector<std::string> preset_names() { return allowed_field_values("preset"); }

/// Names a preset, which configs/ checks.
constexpr Option preset(Text name, Text text) {
    return {.group = kConfig,
            .name = name,
            .kind = ValueKind::kText,
            .named_choices = preset_names,
            .raw_text = text};
}

constexpr std::array kOptions{
    file(kConfig, "config",
         "YAML or JSON with a kmeans_palettization_config, as coreai_opt reads it"),
    preset("preset",
           "w4, w6: 4 or 6 bits, a LUT for 16 output channels; w8: 8 bits, a LUT a tensor"),
    spec("n-bits", "n_bits", "{choices}", "4"),
    spec("granularity", "granularity", "{choices}", "per_tensor"),
    spec("axis", "axis", "grouped: 0 = output channels (default), 1 = input channels", "0"),
    spec("group-size", "group_size", "grouped: channels that share a LUT"),
    spec("cluster-dim", "cluster_dim", "output channels that share an index {default}", "1"),
    spec_flag("per-channel-scale", "enable_per_channel_scale",
              "divide each output channel by its largest magnitude first"),
    spec("lut-dtype", "lut_dtype", "int8, uint8, float8_e4m3fn or float8_e5m2: quantize the LUTs"),
    spec("lut-qscheme", "lut_qscheme", "{choices}", "symmetric"),
    spec("lut-scale-dtype", "lut_scale_dtype", "float8_e8m0fnu: power-of-two scales for FP8 LUTs"),
    spec("lut-float-min", "lut_float_min",
         "lower end of the LUT's range, <= 0, instead of the observed one"),
    spec("lut-float-max", "lut_float_max", "upper end of the LUT's range, >= 0"),
    choice<kPartialGroupsChoices>(
        kConfig, "partial-groups",
        "allow: the last group may be smaller; refuse (default): such tensors stay dense",
        "refuse"),
    value(kConfig, "include",
          "regular expression of Python on whole paths (/fc/kernel, fc.kernel), else on modules "
          "(fc): palettize these, whatever the state"),
    value(kConfig, "exclude", "as --include: leave these dense; wins over everything"),
    value(kConfig, "drop", "as --include, datasets of any type: leave these out of the output"),
    flag(kConfig, "drop-optimizer", "leave the optimizer's state out of the output"),
    choice<kLayoutChoices>(kConfig, "layout", "{choices}: which dimension is which axis", "auto"),
    choice<kIfLargerChoices>(
        kConfig, "if-larger",
        "{choices}: a tensor that would take more bytes in the file than now; one that --include "
        "or a name rule asks for is palettized with a warning",
        "dense"),
    file(kConfig, "types",
         "YAML or JSON that tells types of layers: pattern of module paths: Dense, Conv2d, LSTM "
         "..."),
    flag(kConfig, "strict", "a tensor that does not fit its spec is an error"),
    flag(kConfig, "allow-unmatched-rules", "a rule or type that matches nothing is a warning"),
    choice<kEngineChoices>(kConfig, "engine", "{choices}", "fast"),
    value(kConfig, "seed", "seed of vector clustering {default}", "0"),
    choice<kOnNonfiniteChoices>(kConfig, "on-nonfinite", "{choices}: tensors with NaN or infinity",
                                "fail"),
    value(kConfig, "memory",
          "bound of the memory in flight, as 2GiB (default: half of what there is)"),

    file(kWork, "sensitivity",
         "HDF5 file with the same paths and shapes, one value a weight: how much each matters"),
    choice<kSensitivityNormalizeChoices>(
        kWork, "sensitivity-normalize",
        "{choices}: coreai divides squared gradients by the largest and replaces zeros, as "
        "coreai_opt does",
        "none"),
    choice<kSensitivityMissingChoices>(
        kWork, "sensitivity-missing",
        "{choices}: a tensor that the file of --sensitivity does not have", "error"),
    new_file(kWork, "report",
             "write a JSON report to this file; one that exists is replaced with --force only"),

    value(kTarget, "target-bpw",
          "bits per weight of all palettized tensors together, LUTs and scales included, at most"),
    value(kTarget, "target-size", "size of the output file, as 1.2GiB, at most"),
    value(kTarget, "min-sqnr-db",
          "signal-to-noise ratio of every tensor, at least; what no width reaches stays dense"),
    choice<kObjectiveChoices>(
        kTarget, "objective",
        "the error to make small: relative (default: each tensor's, by its energy, times its "
        "weights) or absolute (default with --sensitivity)"),
    new_file(
        kTarget, "write-config",
        "write the choice to this file, as a configuration for run --config; one that exists is "
        "replaced with --force only"),

    flag(kTrust, "allow-plugins", "let HDF5 load filters from the folders of HDF5_PLUGIN_PATH"),
    flag(kTrust, "follow-external",
         "read data that lies in other files: external storage, virtual datasets, tensors of a "
         "palettized checkpoint that merge --link made (other external links stay links), files "
         "of an index behind symbolic links out of its folder"),

    value(kCertify, "certify",
          "prove that every scalar palette is at most this far from the best one, as 1e-3; a "
          "tensor whose proof fails is an error"),

    value(kShard, "shard",
          "do part I of N of the plan, as 0/8 to 7/8, each to a file of its own; `merge` makes one "
          "of them. slurm: I and N of the array job"),

    value(kBatch, "minutes",
          "that a task is wanted to take, at least 1 {default}; it decides how many there are",
          "10"),
    value(kBatch, "tasks", "how many there are, whatever they take"),
    value(kBatch, "cpus-per-task", "CPUs of a task, and so its threads {default}", "8"),

    file(kMerge, "input",
         "the file that the shards were made from, where it is not at its place any more"),
    flag(kMerge, "link",
         "external links to the tensors in the shards, which must stay where they are, in place of "
         "copies; h5palettize follows them with --follow-external"),

    value(kCheck, "min-sqnr-db", "a tensor with a lower signal-to-noise ratio fails"),

    value(kThreads, "threads", "threads (default: what affinity, cgroup and Slurm allow)"),

    flag(kRecording, "profile",
         "print it by stage (and rank) on stderr: busy time, bytes, queues, what bounds the run"),
    new_file(kRecording, "trace", "write a trace to this file, for Perfetto and chrome://tracing"),

    new_file(kPage, "report-html",
             "write a page to this file: tensors, their errors, histograms and palettes, and stage "
             "times; it needs no network"),
    flag(kPage, "report-detail",
         "put what the page shows of each tensor into the --report too, for `h5palettize report`"),

    flag(kForce, "force", "replace an existing output, and an existing report"),
    flag(kResume, "resume",
         "go on from the tensors that an interrupted run finished, if there are any, to the same "
         "bytes; and keep what is done when this run fails"),
    flag(kJson, "json", "print JSON instead of a table"),

    flag(kGeneral, "help", "this text", 'h'),
    file(kGeneral, "options-file",
         "read options from a file, a line each: name=value; the command line wins. @FILE reads a "
         "file of command line words"),
    flag(kGeneral, "quiet", "warnings and errors only", 'q'),
    flag(kGeneral, "verbose", "a line for each tensor that is done", 'v'),
    choice<kLogFormatChoices>(kGeneral, "log-format",
                              "{choices}: an object a line on stderr, progress included", "text"),
};

/// Title in --help.
constexpr Text title_of(OptionGroup group) {
    switch (group) {
        case kConfig:
        case kWork:
            return "What to palettize, and how";
        case kTarget:
            return "Bits where they count: widths by what each tensor loses";
        case kTrust:
            return "Files that you trust";
        case kCertify:
            return "Proof";
        case kShard:
            return "Parts of the work";
        case kBatch:
            return "The job";
        case kMerge:
            return "Input";
        case kCheck:
            return "Checks";
        case kThreads:
            return "Resources";
        case kRecording:
            return "Where the time goes";
        case kPage:
            return "To look at";
        case kForce:
        case kResume:
        case kJson:
            return "Output";
        case kGeneral:
            return "General";
    }
    return "";
}

/// Lists the choices in words: "fast (default), exact or reference".
std::string listed(const std::vector<std::string>& choices, Text fallback) {
    std::string list;
    for (std::size_t c = 0; c < choices.size(); ++c) {
        if (c > 0) list += c + 1 == choices.size() ? " or " : ", ";
        list += choices[c];
        if (choices[c] == fallback) list += " (default)";
    }
    return list;
}

void replace(std::string& text, Text place, const std::string& by) {
    const std::size_t at = text.find(place);
    if (at != std::string::npos) text.replace(at, place.size(), by);
}

}  // namespace

std::string Option::value_name() const {
    if (!takes_value()) return "";
    return names_file() ? "FILE" : "arg";
}

std::vector<std::string> Option::choices() const {
    if (named_choices != nullptr) return named_choices();
    return takes_value() && !spec_field.empty() ? allowed_field_values(spec_field)
                                                : std::vector<std::string>();
}

std::string Option::text() const {
    std::string text(raw_text);
    replace(text, "{choices}", listed(choices(), fallback));
    replace(text, "{default}", "(default " + std::string(fallback) + ")");
    return text;
}

std::vector<OptionSection> option_sections(const std::vector<OptionGroup>& groups) {
    std::vector<OptionSection> sections;
    for (const OptionGroup group : groups) {
        const Text title = title_of(group);
        auto section = std::ranges::find(sections, title, &OptionSection::title);
        if (section == sections.end()) section = sections.insert(section, {title, {}});
        std::ranges::copy_if(kOptions, std::back_inserter(section->options),
                             [&](const Option& option) { return option.group == group; });
    }
    return sections;
}

std::vector<Option> options_in(const std::vector<OptionGroup>& groups) {
    std::vector<Option> options;
    for (const OptionSection& section : option_sections(groups))
        options.insert(options.end(), section.options.begin(), section.options.end());
    return options;
}

std::vector<std::string> new_file_options() {
    std::vector<std::string> names;
    for (const Option& option : kOptions) {
        if (option.kind == ValueKind::kNewFile) names.emplace_back(option.name);
    }
    return names;
}

std::string fallback_of(std::string_view option) {
    const auto* const row = std::ranges::find(kOptions, option, &Option::name);
    return row == kOptions.end() ? "" : std::string(row->fallback);
}

}  // namespace pal
