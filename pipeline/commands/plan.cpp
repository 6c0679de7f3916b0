// plan: what run would do, tensor by tensor, and why; with a target, the widths that serve it best.
// Writes nothing but --report and --write-config.
#include "pipeline/plan.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "io/checkpoint_reader.hpp"
#include "pipeline/bytes_for_people.hpp"
#include "pipeline/choose_widths.hpp"
#include "pipeline/commands/choices.hpp"
#include "pipeline/commands/command.hpp"
#include "pipeline/log.hpp"
#include "pipeline/progress.hpp"
#include "pipeline/report.hpp"
#include "pipeline/sensitivities.hpp"
#include "pipeline/skip_nonfinite.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

po::options_description target_options() {
    po::options_description options("Bits where they count: widths by what each tensor loses");
    const auto text = [] { return po::value<std::string>(); };
    // clang-format off
    options.add_options()
        ("target-bpw", text(), "bits per weight of all palettized tensors together, LUTs and scales included, at most")
        ("target-size", text(), "size of the output file, as 1.2GiB, at most")
        ("min-sqnr-db", text(), "signal-to-noise ratio of every tensor, at least; what no width reaches stays dense")
        ("objective", text(), "the error to make small: relative (default: each tensor's, by its energy, times its weights) or absolute (default with --sensitivity)")
        ("write-config", po::value<std::string>()->value_name(kFileValue), "write the choice to this file, as a configuration for run --config; one that exists is replaced with --force only");
    // clang-format on
    return options;
}

Objective objective_from(const Arguments& arguments) {
    if (arguments.has("objective")) return choice_of(arguments, kObjectiveChoices);
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

/// The sources of a plan's numbers.
struct Sources {
    const CheckpointReader& reader;
    const CheckpointReader* sensitivities;
};

std::vector<WidthErrors> measure(const Plan& plan, const Sources& sources,
                                 std::uint64_t memory_bytes) {
    if (sources.sensitivities != nullptr) require_valid(*sources.sensitivities, plan);
    std::uint64_t bytes = 0;
    for (const PlanEntry* entry : plan.palettized()) bytes += entry->dataset->bytes;
    Progress progress(plan.palettized().size(), bytes, progress_on_stderr());
    const auto load = [&](const PlanEntry& entry) {
        return sources.reader.open_weights(*entry.dataset, entry.kept_bytes);
    };
    std::function<Weights(const PlanEntry&)> load_sensitivities;
    if (sources.sensitivities != nullptr) {
        load_sensitivities = [&](const PlanEntry& entry) {
            return sources.sensitivities->open_weights(*entry.sensitivities);
        };
    }
    return measure_plan(plan, memory_bytes, load, load_sensitivities, [&](const PlanEntry& entry) {
        sources.reader.require_whole(entry.dataset->path);
        progress.begin(entry.dataset->path);
        progress.end(entry.dataset->bytes);
    });
}

/// Refuses a configuration that would palettize otherwise than was chosen, and so might exceed the
/// budget: rules know tensors by names that some share.
void require_same(const Plan& plan, const Config& config, const CheckpointInfo& info,
                  PlanOptions options) {
    options.selection = {};
    options.selection.allow_unmatched_rules = true;
    options.strict = false;
    const Plan again = make_plan(info, config, options);
    for (std::size_t e = 0; e < plan.entries.size(); ++e) {
        const PlanEntry& wanted = plan.entries[e];
        const PlanEntry& found = again.entries[e];
        if (wanted.palettize == found.palettize &&
            (!wanted.palettize || wanted.job.spec.n_bits == found.job.spec.n_bits)) {
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

void write_config(const Plan& plan, const CheckpointInfo& info, const PlanOptions& options,
                  ReportFile& file) {
    if (plan.palettized().empty()) {
        throw Error(ErrorCode::kUsage,
                    "--write-config: every tensor stays dense, there is nothing "
                    "for run to do");
    }
    const std::string yaml = config_to_yaml(config_of_plan(plan, options.allow_partial_groups));
    require_same(plan, parse_config(yaml, "--write-config"), info, options);
    file.write(yaml);
}

int execute_plan(const Arguments& arguments) {
    const std::string& source = arguments.positionals[0];
    const std::uint64_t budget_bytes = memory_from(arguments);
    const bool skips = skips_nonfinite(arguments);
    const auto target = target_from(arguments);
    const CheckpointReader reader(source, read_options_from(arguments));
    if (arguments.positionals.size() == 2) {
        check_output(arguments);
    }
    ReportFile report = report_from(arguments);
    ReportFile config = written_config_from(arguments);
    const auto sensitivities = sensitivities_from(arguments);
    PlanOptions options = plan_options_from(arguments);
    if (sensitivities) options.sensitivities = &sensitivities->info();
    Plan plan = make_plan(reader.info(), config_from(arguments), options);
    if (!reader.info().unsupported.empty()) {
        log_warning("run would refuse this file: " + reader.info().unsupported);
    }
    for (const std::string& warning : plan.warnings) log_warning(warning);
    if (target) {
        if (skips) skip_nonfinite(plan, reader);
        choose_widths(plan, measure(plan, {reader, sensitivities.get()}, budget_bytes), *target,
                      reader.info());
        if (arguments.has("write-config")) write_config(plan, reader.info(), options, config);
    }
    report.write(report_json(plan, nullptr));
    report.publish();
    config.publish();
    if (arguments.flag("json")) {
        std::cout << report_json(plan, nullptr);
        return 0;
    }
    std::cout << report_table(plan, nullptr) << "layout "
              << (plan.layout == Layout::kKeras ? "keras" : "torch") << " (" << plan.layout_reason
              << "); peak memory in flight about "
              << bytes_for_people(peak_memory_bytes(plan, budget_bytes)) << "\n";
    return 0;
}

}  // namespace

Command plan_command() {
    return {"plan",
            "IN.h5 [OUT.h5]",
            "shows what run would do, tensor by tensor, and why",
            "h5palettize plan model.h5 --preset w4 --target-bpw 3.5 --write-config model.yaml",
            1,
            2,
            [] {
                po::options_description options = palettize_options();
                options.add(target_options())
                    .add(trust_options())
                    .add(thread_options())
                    .add(force_option())
                    .add(json_option());
                return options;
            },
            execute_plan};
}

}  // namespace pal
