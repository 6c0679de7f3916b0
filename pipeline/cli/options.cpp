#include "pipeline/cli/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>

#include "configs/model/make_config.hpp"
#include "configs/text/parse_config.hpp"
#include "configs/text/presets.hpp"
#include "configs/text/spec_options.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/cli/choices.hpp"
#include "pipeline/machine/threads.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::map<std::string, std::string> spec_fields(const Arguments& arguments) {
    std::map<std::string, std::string> fields;
    for (const auto& [option, field] : kSpecOptions) {
        if (arguments.has(option)) fields[field] = arguments.text(option);
    }
    if (arguments.flag("per-channel-scale")) fields["enable_per_channel_scale"] = "true";
    return fields;
}

/// An empty one is a variable that was not set, and no wish to do without.
void require_file_name(const Arguments& arguments, const char* option) {
    if (!arguments.has(option) || !arguments.text(option).empty()) return;
    throw Error(ErrorCode::kUsage, fmt::format("--{}: found '', wanted is a file name", option));
}

std::uint64_t usable_memory_bytes() {
    const auto physical = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                          static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::uint64_t limit = 0;
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        if (std::ifstream file(path); file >> limit && limit > 0) return std::min(limit, physical);
    }
    return physical;
}

}  // namespace

std::uint64_t whole_number(const Arguments& arguments, const char* option, std::uint64_t least,
                           std::uint64_t most) {
    // Not through lexical_cast, which takes -1 for the largest unsigned number.
    const std::string text = arguments.text(option);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least ||
        number > most) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("--{}: found '{}', allowed are whole numbers from {} to {}", option,
                                text, least, most));
    }
    return number;
}

double positive_number(const Arguments& arguments, const char* option) {
    const std::string text = arguments.text(option);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !(number > 0) ||
        !std::isfinite(number)) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("--{}: found '{}', allowed are positive numbers such as 1e-3",
                                option, text));
    }
    return number;
}

po::options_description config_options() {
    po::options_description options("What to palettize, and how");
    const auto text = [] { return po::value<std::string>(); };
    const auto file = [] { return po::value<std::string>()->value_name(kFileValue); };
    // clang-format off
    options.add_options()
        ("config", file(), "YAML or JSON with a kmeans_palettization_config, as coreai_opt reads it")
        ("preset", text(), "w4, w6: 4 or 6 bits, a LUT for 16 output channels; w8: 8 bits, a LUT a tensor")
        ("n-bits", text(), "1, 2, 3, 4, 6 or 8 (default 4)")
        ("granularity", text(), "per_tensor (default) or per_grouped_channel")
        ("axis", text(), "grouped: 0 = output channels (default), 1 = input channels")
        ("group-size", text(), "grouped: channels that share a LUT")
        ("cluster-dim", text(), "output channels that share an index (default 1)")
        ("per-channel-scale", po::bool_switch(), "divide each output channel by its largest magnitude first")
        ("lut-dtype", text(), "int8, uint8, float8_e4m3fn or float8_e5m2: quantize the LUTs")
        ("lut-qscheme", text(), "symmetric (default), symmetric_with_clipping or asymmetric")
        ("lut-scale-dtype", text(), "float8_e8m0fnu: power-of-two scales for FP8 LUTs")
        ("lut-float-min", text(), "lower end of the LUT's range, <= 0, instead of the observed one")
        ("lut-float-max", text(), "upper end of the LUT's range, >= 0")
        ("partial-groups", text(), "allow: the last group may be smaller; refuse (default): such tensors stay dense")
        ("include", text(), "PCRE2 on whole paths (/fc/kernel, fc.kernel), else on modules (fc): palettize these, whatever the state")
        ("exclude", text(), "PCRE2 as for --include: leave these dense; wins over everything")
        ("layout", text(), "auto (default), torch or keras: which dimension is which axis")
        ("strict", po::bool_switch(), "a tensor that does not fit its spec is an error")
        ("allow-unmatched-rules", po::bool_switch(), "a rule that matches nothing is a warning")
        ("engine", text(), "fast (default), exact or reference")
        ("seed", text(), "seed of vector clustering (default 0)")
        ("on-nonfinite", text(), "fail (default) or skip: tensors with NaN or infinity")
        ("memory", text(), "bound of the memory in flight, as 2GiB (default: half of what there is)");
    // clang-format on
    return options;
}

po::options_description palettize_options() {
    po::options_description options = config_options();
    options.add_options()(
        "sensitivity", po::value<std::string>()->value_name(kFileValue),
        "HDF5 file with the same paths and shapes, one value a weight: how much each matters")(
        "report", po::value<std::string>()->value_name(kFileValue),
        "write a JSON report to this file; one that exists is replaced with --force only");
    return options;
}

po::options_description thread_options() {
    po::options_description options("Resources");
    options.add_options()("threads", po::value<std::string>(),
                          "threads (default: what affinity, cgroup and Slurm allow)");
    return options;
}

po::options_description recording_options() {
    po::options_description options("Where the time goes");
    options.add_options()(
        "profile", po::bool_switch(),
        "print it by stage (and rank) on stderr: busy time, bytes, queues, what bounds the run")(
        "trace", po::value<std::string>()->value_name(kFileValue),
        "write a trace to this file, for Perfetto and chrome://tracing");
    return options;
}

po::options_description page_options() {
    po::options_description options("To look at");
    options.add_options()("report-html", po::value<std::string>()->value_name(kFileValue),
                          "write a page to this file: tensors, their errors, histograms and "
                          "palettes, and stage times; it needs no network")(
        "report-detail", po::bool_switch(),
        "put what the page shows of each tensor into the --report too, for `h5palettize report`");
    return options;
}

po::options_description common_options() {
    po::options_description options("General");
    options.add_options()("help,h", po::bool_switch(), "this text")(
        "options-file", po::value<std::string>()->value_name(kFileValue),
        "read options from a file, a line each: name=value; the command line wins. "
        "@FILE reads a file of command line words")("quiet,q", po::bool_switch(),
                                                    "warnings and errors only")(
        "verbose,v", po::bool_switch(), "a line for each tensor that is done")(
        "log-format", po::value<std::string>(),
        "text (default) or json: an object a line on stderr, progress included");
    return options;
}

po::options_description certify_option() {
    po::options_description options("Proof");
    options.add_options()(
        "certify", po::value<std::string>(),
        "prove that every scalar palette is at most this far from the best one, as "
        "1e-3; a tensor whose proof fails is an error");
    return options;
}

po::options_description json_option() {
    po::options_description options("Output");
    options.add_options()("json", po::bool_switch(), "print JSON instead of a table");
    return options;
}

po::options_description force_option() {
    po::options_description options("Output");
    options.add_options()("force", po::bool_switch(),
                          "replace an existing output, and an existing report");
    return options;
}

po::options_description run_output_options() {
    po::options_description options = force_option();
    options.add_options()(
        "resume", po::bool_switch(),
        "go on from the tensors that an interrupted run finished, if there are any, to the same "
        "bytes; and keep what is done when this run fails");
    return options;
}

po::options_description shard_option() {
    po::options_description options("Parts of the work");
    options.add_options()("shard", po::value<std::string>(),
                          "do part I of N of the plan, as 0/8 to 7/8, each to a file of its own; "
                          "`merge` makes one of them. slurm: I and N of the array job");
    return options;
}

po::options_description trust_options() {
    po::options_description options("Files that you trust");
    options.add_options()("allow-plugins", po::bool_switch(),
                          "let HDF5 load filters from the folders of HDF5_PLUGIN_PATH");
    options.add_options()("follow-external", po::bool_switch(),
                          "read data that lies in other files: external storage, virtual "
                          "datasets, tensors of a palettized checkpoint that merge --link made "
                          "(other external links stay links)");
    return options;
}

ReadOptions read_options_from(const Arguments& arguments) {
    return {arguments.flag("follow-external"), arguments.flag("allow-plugins")};
}

std::unique_ptr<const CheckpointReader> sensitivities_from(const Arguments& arguments) {
    require_file_name(arguments, "sensitivity");
    if (!arguments.has("sensitivity")) return nullptr;
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
    return Config{"defaults", ModuleConfig{}, {}, {}};
}

PlanOptions plan_options_from(const Arguments& arguments) {
    PlanOptions options;
    options.selection.include = arguments.text("include");
    options.selection.exclude = arguments.text("exclude");
    options.selection.allow_unmatched_rules = arguments.flag("allow-unmatched-rules");
    options.strict = arguments.flag("strict");
    options.memory_bytes = memory_from(arguments);
    if (arguments.has("engine")) {
        options.cluster.engine = choice_of(arguments, kEngineChoices);
    }
    if (arguments.has("certify")) options.cluster.certify = positive_number(arguments, "certify");
    if (arguments.has("seed")) {
        options.cluster.seed =
            whole_number(arguments, "seed", 0, std::numeric_limits<std::uint64_t>::max());
    }
    if (arguments.has("layout")) {
        options.layout = choice_of(arguments, kLayoutChoices);
    }
    if (arguments.has("partial-groups")) {
        options.allow_partial_groups = choice_of(arguments, kPartialGroupsChoices);
    }
    return options;
}

LogOptions log_options_from(const Arguments& arguments) {
    if (arguments.flag("quiet") && arguments.flag("verbose"))
        throw Error(ErrorCode::kUsage, "--quiet and --verbose exclude each other");
    LogOptions options;
    if (arguments.flag("quiet")) options.verbosity = Verbosity::kQuiet;
    if (arguments.flag("verbose")) options.verbosity = Verbosity::kVerbose;
    if (arguments.has("log-format")) {
        options.format = choice_of(arguments, kLogFormatChoices);
    }
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
    return arguments.has("on-nonfinite") && choice_of(arguments, kOnNonfiniteChoices);
}

namespace {

/// The files that options came from.
std::vector<UsedFile> configuration_files(const Arguments& arguments) {
    std::vector<UsedFile> files;
    if (arguments.has("config")) files.push_back({arguments.text("config"), "the config file"});
    if (arguments.has("sensitivity"))
        files.push_back({arguments.text("sensitivity"), "the file with the sensitivities"});
    for (const std::string& file : arguments.option_files)
        files.push_back({file, "the options file"});
    return files;
}

}  // namespace

void check_output(const Arguments& arguments) {
    const std::string& target = arguments.positionals[1];
    for (const UsedFile& file : configuration_files(arguments)) {
        if (!same_file(target, file.path)) continue;
        throw Error(ErrorCode::kOutput, target + ": is " + file.what + "; choose another output");
    }
    check_target(arguments.positionals[0], target, arguments.flag("force"));
    const std::string replaced = behind_links(target);
    if (replaced != target)  // its folder
        check_target(arguments.positionals[0], replaced, arguments.flag("force"));
}

namespace {

std::vector<UsedFile> used_files(const Arguments& arguments) {
    std::vector<UsedFile> used = configuration_files(arguments);
    used.push_back({arguments.positionals[0], "the input"});
    if (arguments.positionals.size() > 1) used.push_back({arguments.positionals[1], "the output"});
    used.insert(used.end(), arguments.others.begin(), arguments.others.end());
    return used;
}

}  // namespace

ReportFile report_from(const Arguments& arguments) {
    require_file_name(arguments, "report");
    return {"--report", arguments.text("report"), arguments.flag("force"), used_files(arguments)};
}

ReportFile trace_from(const Arguments& arguments) {
    require_file_name(arguments, "trace");
    std::vector<UsedFile> used = used_files(arguments);
    if (arguments.has("report")) used.push_back({arguments.text("report"), "the report"});
    return {"--trace", arguments.text("trace"), arguments.flag("force"), used};
}

ReportFile written_config_from(const Arguments& arguments) {
    require_file_name(arguments, "write-config");
    std::vector<UsedFile> used = used_files(arguments);
    if (arguments.has("report")) used.push_back({arguments.text("report"), "the report"});
    return {"--write-config", arguments.text("write-config"), arguments.flag("force"), used};
}

ReportFile page_from(const Arguments& arguments) {
    require_file_name(arguments, "report-html");
    if (arguments.flag("report-detail") && !arguments.has("report"))
        throw Error(ErrorCode::kUsage, "--report-detail: is for --report FILE, which is missing");
    std::vector<UsedFile> used = used_files(arguments);
    if (arguments.has("report")) used.push_back({arguments.text("report"), "the report"});
    if (arguments.has("trace")) used.push_back({arguments.text("trace"), "the trace"});
    return {"--report-html", arguments.text("report-html"), arguments.flag("force"), used};
}

std::uint64_t parse_bytes(const std::string& text, const std::string& option) {
    static const std::map<std::string, double> kUnits{
        {"", 1},         {"B", 1},      {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
        {"TiB", 0x1p40}, {"kB", 1e3},   {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
        {"TB", 1e12},    {"K", 0x1p10}, {"M", 0x1p20},   {"G", 0x1p30},   {"T", 0x1p40}};
    std::size_t used = 0;
    double number = 0;
    try {
        number = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    const auto unit = used == 0 ? kUnits.end() : kUnits.find(text.substr(used));
    if (unit == kUnits.end() || !(number > 0) || !(number * unit->second < 0x1p62)) {
        throw Error(ErrorCode::kUsage, "--" + option + ": found '" + text +
                                           "', allowed are sizes such as 2GiB, 512MiB, 1.5GB");
    }
    return static_cast<std::uint64_t>(std::max(1.0, number * unit->second));
}

}  // namespace pal
