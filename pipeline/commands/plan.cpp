// plan: shows what run would do with each tensor, and why. With a target it chooses the widths that
// serve it best. Writes nothing but --report and --write-config.
#include "pipeline/plan/plan.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <numeric>
#include <optional>

#include "io/files/paths.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/widths_of_files.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/report_files.hpp"
#include "pipeline/run/planned_files.hpp"
#include "pipeline/run/scan_inputs.hpp"
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

/// Sorts the positionals into inputs and output. The word behind one plain file is its output.
Files files_from(const Arguments& arguments) {
    const std::vector<std::string>& words = arguments.positionals;
    if (!has_several_inputs(arguments))
        return {{{{words[0], std::filesystem::path(words[0]).filename().string()}}, {}}, ""};
    std::error_code error;
    const std::filesystem::path last(words.back());
    const bool is_input = words.size() == 1 || std::filesystem::is_regular_file(last, error) ||
                          last.extension() == ".h5" || last.extension() == ".hdf5";
    const std::string folder = is_input ? "" : words.back();
    return {find_inputs({words.begin(), words.end() - (is_input ? 0 : 1)}, folder,
                        arguments.flag("follow-external")),
            folder};
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
           (plan.layout == Layout::kKeras ? "keras" : "torch") + " (" +
           printable(plan.layout_reason) + "); peak memory in flight about " +
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
    log_skipped(files.inputs);
    std::vector<CheckpointInfo> infos = scan_files(files.inputs, arguments);
    check_outputs_of(files, arguments);
    const Arguments with_all = several ? with_others(arguments, files) : arguments;
    const std::string config_target = behind_links(arguments.text("write-config"));
    settle_published(config_target);
    ReportFile report = new_file_from(with_all, "report");
    ReportFile config = new_file_from(with_all, "write-config");
    PlannedFiles planned =
        plan_files(files.inputs, std::move(infos), config_from(arguments), arguments);
    warn_of(planned, several);
    std::optional<WidthChoice> widths;
    std::string config_text;
    if (target) {
        widths = choose_widths_of_files(
            planned.plans, planned.info_pointers(), *target,
            {read_options_from(arguments), budget_bytes, skips_nonfinite(arguments),
             planned.sensitivities.get(), arguments.has("write-config")});
        if (arguments.has("write-config")) {
            config_text = config_of_files(planned.plans, planned.info_pointers(), planned.options);
        }
    }
    const Said said = several ? said_of_several(files, planned, widths, budget_bytes)
                              : said_of_one(planned, widths, budget_bytes);
    // Both appear or none: the journal of the config lets the next plan undo what a killed one
    // left.
    std::optional<Journal> journal;
    if (report.is_file() && config.is_file()) journal.emplace(config_target, RunIdentity{}, false);
    if (!config_text.empty()) config.write(config_text);
    report.write(said.json);
    if (journal) {
        Publishing publishing;
        for (const ReportFile* file : {&report, &config}) {
            if (auto published = file->to_publish())
                publishing.files.push_back(std::move(*published));
        }
        journal->publishing(publishing);
    }
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
