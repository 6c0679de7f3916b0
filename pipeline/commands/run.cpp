// run: palettizes a checkpoint.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <tuple>
#include <utility>

#include "io/checkpoint_reader.hpp"
#include "io/checkpoint_writer.hpp"
#include "io/last_wish.hpp"
#include "pipeline/commands/command.hpp"
#include "pipeline/fingerprint.hpp"
#include "pipeline/graph.hpp"
#include "pipeline/log.hpp"
#include "pipeline/report.hpp"
#include "stages/error.hpp"
#include "stages/scale.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;

/// --on-nonfinite=skip: a tensor with NaN or infinity turns dense before the copy decides what to
/// leave out.
void skip_nonfinite(Plan& plan, const CheckpointReader& reader) {
    for (PlanEntry& entry : plan.entries) {
        if (!entry.palettize) continue;
        const NonFinite bad = count_nonfinite(reader.open_weights(*entry.dataset));
        if (bad.count == 0) continue;
        leave_dense(entry, std::to_string(bad.count) +
                               " weights are NaN or infinite, the first at index " +
                               std::to_string(bad.first));
    }
}

/// Of sizes, names, shapes and types of everything in the input.
std::string input_fingerprint(const CheckpointInfo& info) {
    Fingerprint fingerprint;
    const auto add_line = [&](const std::string& text) { fingerprint.add(text + "\n"); };
    add_line(std::to_string(info.file_bytes));
    for (const DatasetInfo& dataset : info.datasets) {
        add_line(dataset.path);
        add_line(shape_to_string(dataset.shape));
        add_line(dataset.stored_type);
    }
    return fingerprint.text();
}

/// Prints every failure, but an output that cannot be written once; the first one's code is the
/// run's. 0 where nothing failed.
int report_failures(const std::vector<Outcome>& outcomes) {
    int code = 0;
    bool output_failed = false;
    for (const Outcome& outcome : outcomes) {
        if (!outcome.failed) continue;
        if (code == 0) code = static_cast<int>(outcome.code);
        if (outcome.code == ErrorCode::kOutput && std::exchange(output_failed, true)) continue;
        log_error(outcome.message);
    }
    if (output_failed) output_failure_was_said();
    if (code != 0) log_error("nothing was written");
    return code;
}

/// Both files or none.
void publish(ReportFile& report, CheckpointWriter& writer) {
    report.publish();
    try {
        writer.publish();
    } catch (const Error&) {
        report.withdraw();
        throw;
    }
}

int execute_run(const Arguments& arguments) {
    const auto start = std::chrono::steady_clock::now();
    const std::string& source = arguments.positionals[0];
    const std::string& target = arguments.positionals[1];
    const Config config = config_from(arguments);
    const PlanOptions options = plan_options_from(arguments);
    const std::uint64_t budget_bytes = memory_from(arguments);
    const bool skip = skips_nonfinite(arguments);

    const CheckpointReader reader(source);
    check_output(arguments);
    ReportFile report = report_from(arguments);
    Plan plan = make_plan(reader.info(), config, options);
    if (!reader.info().unsupported.empty()) {
        throw Error(ErrorCode::kInput, source + ": " + reader.info().unsupported);
    }
    for (const std::string& warning : plan.warnings) log_warning(warning);
    if (skip) skip_nonfinite(plan, reader);
    if (plan.palettized().empty()) {
        log_warning(
            "no selected tensor fits its spec: the output is a plain copy; the table says why");
    }

    std::vector<std::string> replaced;
    for (const PlanEntry* entry : plan.palettized()) replaced.push_back(entry->dataset->path);
    CheckpointWriter writer(reader, target, arguments.flag("force"), replaced);
    const GraphPorts ports{[&](const DatasetInfo& dataset) { return reader.open_weights(dataset); },
                           [&](const TensorJob& job, const Packed& packed) {
                               writer.write_palettized(job.path, packed.tensor,
                                                       spec_to_json(job.spec));
                           }};
    const GraphResult result = run_graph(plan, ports, budget_bytes);
    if (const int code = report_failures(result.outcomes); code != 0) return code;
    writer.finish(results_json(plan, result.outcomes, config_to_json(config),
                               input_fingerprint(reader.info())));

    RunFacts facts{result.outcomes,         reader.info().file_bytes, 0, 0,
                   threads_from(arguments), options.cluster.engine};
    facts.wall_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.write(report_json(plan, &facts));
    publish(report, writer);
    facts.file_bytes_out = fs::file_size(target);
    std::cout << report_table(plan, &facts);
    return 0;
}

}  // namespace

Command run_command() {
    return {"run",
            "IN.h5 OUT.h5",
            "palettizes a checkpoint",
            "h5palettize run model.h5 model.w4.h5 --preset w4 --report model.json",
            2,
            2,
            [] {
                po::options_description options = palettize_options();
                options.add(thread_options()).add(force_option());
                return options;
            },
            execute_run};
}

}  // namespace pal
