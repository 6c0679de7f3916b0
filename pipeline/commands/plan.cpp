// plan: what run would do, tensor by tensor, and why; with a target, the widths that serve it best.
// Writes nothing but --report and --write-config.
#include "pipeline/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <numeric>

#include "configs/text/parse_config.hpp"
#include "configs/write/config_yaml.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/choices.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/inputs/many.hpp"
#include "pipeline/plan/choose_widths.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/report_files.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

Objective objective_from(const Arguments& arguments) {
    if (arguments.has("objective")) return choice_of(arguments, "objective", kObjectiveChoices);
    return arguments.has("sensitivity") ? Objective::kAbsolute : Objective::kRelative;
}

std::optional<WidthTarget> target_from(const Arguments& arguments) {
    WidthTarget target;
    if (arguments.has("target-bpw"))
        target.bits_per_weight = positive_number(arguments, "target-bpw");
    if (arguments.has("target-size"))
        target.file_bytes = parse_bytes(arguments.text("target-size"), "target-size");
    if (arguments.has("min-sqnr-db"))
        target.min_sqnr_db = positive_number(arguments, "min-sqnr-db");
    target.objective = objective_from(arguments);
    const int given = (target.bits_per_weight ? 1 : 0) + (target.file_bytes ? 1 : 0) +
                      (target.min_sqnr_db ? 1 : 0);
    if (given > 1) {
        throw Error(ErrorCode::kUsage,
                    "--target-bpw, --target-size and --min-sqnr-db exclude each other; give one");
    }
    if (given == 1) return target;
    for (const char* option : {"objective", "write-config"}) {
        if (!arguments.has(option)) continue;
        throw Error(ErrorCode::kUsage,
                    fmt::format("--{} goes with --target-bpw, --target-size or --min-sqnr-db only",
                                option));
    }
    return std::nullopt;
}

/// What each palettized tensor of a file would lose at every width.
std::vector<WidthErrors> measure(const Plan& plan, const CheckpointReader& reader,
                                 const CheckpointReader* sensitivities,
                                 std::uint64_t memory_bytes) {
    if (sensitivities != nullptr) require_valid(*sensitivities, plan);
    std::uint64_t bytes = 0;
    for (const PlanEntry* entry : plan.palettized()) bytes += entry->dataset->bytes;
    Progress progress(plan.palettized().size(), bytes, progress_on_stderr());
    const auto load = [&](const PlanEntry& entry) {
        return reader.open_weights(*entry.dataset, entry.kept_bytes);
    };
    std::function<Weights(const PlanEntry&)> load_sensitivities;
    if (sensitivities != nullptr) {
        load_sensitivities = [&](const PlanEntry& entry) {
            return sensitivities->open_weights(*entry.sensitivities);
        };
    }
    return measure_plan(plan, memory_bytes, load, load_sensitivities, [&](const PlanEntry& entry) {
        reader.require_whole(entry.dataset->path);
        progress.begin(entry.dataset->path);
        progress.end(entry.dataset->bytes);
    });
}

/// A plan with the tensors of all files, which the plans lose.
Plan joined(FilePlans& plans) {
    Plan all;
    for (Plan& plan : plans.files) {
        std::ranges::move(plan.entries, std::back_inserter(all.entries));
        plan.entries.clear();
    }
    return all;
}

/// Gives the tensors back to the files, `counts` of them each.
void part(Plan&& all, const std::vector<std::size_t>& counts, FilePlans& plans) {
    auto next = all.entries.begin();
    for (std::size_t f = 0; f < counts.size(); ++f) {
        const auto end = next + static_cast<std::ptrdiff_t>(counts[f]);
        plans.files[f].entries.assign(std::move_iterator(next), std::move_iterator(end));
        next = end;
    }
}

/// Refuses a configuration that would palettize otherwise than was chosen, and so might exceed the
/// budget: rules know tensors by names that some share. all: the tensors of all files.
void require_same(const Plan& all, const Config& config, const PlannedFiles& planned) {
    PlanOptions options = planned.options;
    options.selection = {};
    options.selection.allow_unmatched_rules = true;
    options.strict = false;
    FilePlans plans = make_plans(planned.info_pointers(), config, options);
    const Plan again = joined(plans);
    for (std::size_t e = 0; e < all.entries.size(); ++e) {
        const PlanEntry& wanted = all.entries[e];
        const PlanEntry& found = again.entries[e];
        if (wanted.palettize == found.palettize &&
            (!wanted.palettize || wanted.task.spec.n_bits == found.task.spec.n_bits)) {
            continue;
        }
        throw Error(ErrorCode::kUsage,
                    "--write-config: no rule can give " + wanted.dataset->path +
                        " what was chosen: it shares a module path and a state name with another "
                        "tensor, by a hard link or because / and . are the same to rules; plan "
                        "with --include or --exclude that keeps one of them out, and give run the "
                        "same");
    }
}

void write_config(const Plan& all, const PlannedFiles& planned, ReportFile& file) {
    if (all.palettized().empty()) {
        throw Error(ErrorCode::kUsage,
                    "--write-config: every tensor stays dense, there is nothing "
                    "for run to do");
    }
    const std::string yaml =
        config_to_yaml(config_of_plan(all, planned.options.allow_partial_groups));
    require_same(all, parse_config(yaml, "--write-config"), planned);
    file.write(yaml);
}

/// One choice over the tensors of all files, for one configuration.
WidthChoice choose_widths_of_files(const Arguments& arguments, const WidthTarget& target,
                                   PlannedFiles& planned, ReportFile& config) {
    const std::uint64_t budget_bytes = memory_from(arguments);
    std::vector<WidthErrors> measured;
    std::vector<std::size_t> counts;
    for (std::size_t f = 0; f < planned.infos.size(); ++f) {
        Plan& plan = planned.plans.files[f];
        const CheckpointReader reader(planned.infos[f].file, read_options_from(arguments));
        if (skips_nonfinite(arguments)) (void)skip_nonfinite(plan, reader);
        std::ranges::move(measure(plan, reader, planned.sensitivities.get(), budget_bytes),
                          std::back_inserter(measured));
        counts.push_back(plan.entries.size());
    }
    Plan all = joined(planned.plans);
    choose_widths(all, measured, target, planned.info_pointers());
    const WidthChoice widths = all.widths.value();
    if (arguments.has("write-config")) write_config(all, planned, config);
    part(std::move(all), counts, planned.plans);
    return widths;
}

/// The files of the command line. With one plain file, what follows it is its output.
Files files_from(const Arguments& arguments) {
    const std::vector<std::string>& words = arguments.positionals;
    if (!has_several_inputs(arguments))
        return {{{{words[0], std::filesystem::path(words[0]).filename().string()}}, {}}, ""};
    std::error_code error;
    const std::filesystem::path last(words.back());
    const bool is_input = words.size() == 1 || std::filesystem::is_regular_file(last, error) ||
                          last.extension() == ".h5" || last.extension() == ".hdf5";
    const std::string folder = is_input ? "" : words.back();
    return {find_inputs({words.begin(), words.end() - (is_input ? 0 : 1)}, folder), folder};
}

void check_outputs_of(const Files& files, const Arguments& arguments) {
    if (!has_several_inputs(arguments)) {
        if (arguments.positionals.size() == 2) check_output(arguments);
        return;
    }
    if (files.folder.empty()) return;
    std::vector<std::size_t> all(files.inputs.files.size());
    std::iota(all.begin(), all.end(), 0);
    check_outputs(files, arguments, all, false);
}

void warn_of(const PlannedFiles& planned, bool several) {
    for (const CheckpointInfo& info : planned.infos) {
        if (!info.unsupported.empty()) {
            log_warning((several ? info.file + ": run" : std::string("run")) +
                        " would refuse this file: " + info.unsupported);
        }
    }
    for (const std::string& warning : planned.plans.warnings) log_warning(warning);
    for (std::size_t f = 0; f < planned.infos.size(); ++f) {
        for (const std::string& warning : planned.plans.files[f].warnings)
            log_warning(several ? planned.infos[f].file + ": " + warning : warning);
    }
}

std::string plan_table(const Plan& plan, std::uint64_t budget_bytes) {
    return report_table(plan, nullptr) + "layout " +
           (plan.layout == Layout::kKeras ? "keras" : "torch") + " (" + plan.layout_reason +
           "); peak memory in flight about " +
           bytes_for_people(peak_memory_bytes(plan, budget_bytes)) + "\n";
}

struct Said {
    std::string json;
    std::string table;
};

Said said_of_one(PlannedFiles& planned, const std::optional<WidthChoice>& widths,
                 std::uint64_t budget_bytes) {
    Plan& plan = planned.plans.files.front();
    plan.widths = widths;
    const std::vector<std::string>& of_rules = planned.plans.warnings;
    plan.warnings.insert(plan.warnings.begin(), of_rules.begin(), of_rules.end());
    return {report_json(plan, nullptr), plan_table(plan, budget_bytes)};
}

Said said_of_several(const Files& files, const PlannedFiles& planned,
                     const std::optional<WidthChoice>& widths, std::uint64_t budget_bytes) {
    std::vector<FileReport> reports;
    std::string table;
    for (std::size_t f = 0; f < planned.infos.size(); ++f) {
        const InputFile& file = files.inputs.files[f];
        const Plan& plan = planned.plans.files[f];
        reports.push_back({file.name, file.path, &plan});
        table += printable(file.name) + ":\n" + plan_table(plan, budget_bytes);
    }
    const FilesSummary summary{planned.plans.warnings, widths, std::nullopt};
    return {files_report_json(reports, summary), table + files_total(reports, summary)};
}

int execute_plan(const Arguments& arguments) {
    const std::uint64_t budget_bytes = memory_from(arguments);
    const auto target = target_from(arguments);
    const bool several = has_several_inputs(arguments);
    const Files files = files_from(arguments);
    std::vector<CheckpointInfo> infos = scan_files(files.inputs, arguments);
    check_outputs_of(files, arguments);
    const Arguments with_all = several ? with_others(arguments, files) : arguments;
    ReportFile report = report_from(with_all);
    ReportFile config = written_config_from(with_all);
    PlannedFiles planned =
        plan_files(files.inputs, std::move(infos), config_from(arguments), arguments);
    warn_of(planned, several);
    std::optional<WidthChoice> widths;
    if (target) widths = choose_widths_of_files(arguments, *target, planned, config);
    const Said said = several ? said_of_several(files, planned, widths, budget_bytes)
                              : said_of_one(planned, widths, budget_bytes);
    report.write(said.json);
    report.publish();
    config.publish();
    std::cout << (arguments.flag("json") ? said.json : said.table);
    return 0;
}

}  // namespace

Command plan_command() {
    return {"plan",
            "IN... [OUT]",
            "shows what run would do, tensor by tensor, and why",
            "h5palettize plan model.h5 --preset w4 --target-bpw 3.5 --write-config model.yaml",
            1,
            kAnyNumber,
            {OptionGroup::kConfig, OptionGroup::kWork, OptionGroup::kTarget, OptionGroup::kTrust,
             OptionGroup::kThreads, OptionGroup::kForce, OptionGroup::kJson},
            execute_plan};
}

}  // namespace pal
