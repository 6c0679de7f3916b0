// run: palettizes a checkpoint.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <tuple>
#include <utility>

#include "io/checkpoint_reader.hpp"
#include "io/checkpoint_writer.hpp"
#include "io/last_wish.hpp"
#include "pipeline/commands/command.hpp"
#include "pipeline/fingerprint.hpp"
#include "pipeline/graph.hpp"
#include "pipeline/log.hpp"
#include "pipeline/profile.hpp"
#include "pipeline/recorder.hpp"
#include "pipeline/report.hpp"
#include "pipeline/trace.hpp"
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
        const NonFinite bad =
            count_nonfinite(reader.open_weights(*entry.dataset, entry.kept_bytes));
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

/// All files or none.
void publish(ReportFile& report, ReportFile& trace, CheckpointWriter& writer) {
    report.publish();
    try {
        trace.publish();
        writer.publish();
    } catch (const Error&) {
        report.withdraw();
        trace.withdraw();
        throw;
    }
}

/// The plan that is executed; what there is to warn of is printed.
Plan executable_plan(const Arguments& arguments, const Config& config, const PlanOptions& options,
                     const CheckpointReader& reader) {
    Plan plan = make_plan(reader.info(), config, options);
    if (!reader.info().unsupported.empty()) {
        throw Error(ErrorCode::kInput, arguments.positionals[0] + ": " + reader.info().unsupported);
    }
    for (const std::string& warning : plan.warnings) log_warning(warning);
    if (skips_nonfinite(arguments)) skip_nonfinite(plan, reader);
    if (plan.palettized().empty()) {
        log_warning(
            "no selected tensor fits its spec: the output is a plain copy; the table says why");
    }
    return plan;
}

/// What is copied as it is.
std::uint64_t copied_bytes(const CheckpointInfo& info, const Plan& plan) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.bytes;
    for (const PlanEntry* entry : plan.palettized()) bytes -= entry->dataset->bytes;
    return bytes;
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::string> palettized_paths(const Plan& plan) {
    std::vector<std::string> paths;
    for (const PlanEntry* entry : plan.palettized()) paths.push_back(entry->dataset->path);
    return paths;
}

GraphPorts graph_ports(const CheckpointReader& reader, CheckpointWriter& writer,
                       Recorder* recorder) {
    return {[&](const PlanEntry& entry) {
                return reader.open_weights(*entry.dataset, entry.kept_bytes);
            },
            [&](const TensorJob& job, const Packed& packed) {
                writer.write_palettized(job.path, packed.tensor, spec_to_json(job.spec));
                reader.require_whole(job.path);
            },
            recorder};
}

int execute_run(const Arguments& arguments) {
    const auto start = Clock::now();
    std::optional<Recorder> recording;
    if (arguments.flag("profile") || arguments.has("trace")) recording.emplace();
    Recorder* const recorder = recording ? &*recording : nullptr;
    Phases phases(recorder);
    const Config config = config_from(arguments);
    const PlanOptions options = plan_options_from(arguments);
    const std::uint64_t budget_bytes = memory_from(arguments);
    (void)skips_nonfinite(arguments);  // refused, where it is, before anything is read

    phases.enter("scan", Activity::kReading);
    const CheckpointReader reader(arguments.positionals[0]);
    phases.enter("plan", Activity::kComputing);
    check_output(arguments);
    ReportFile report = report_from(arguments);
    ReportFile trace = trace_from(arguments);
    const Plan plan = executable_plan(arguments, config, options, reader);

    phases.enter("copy", Activity::kWriting);
    if (recorder != nullptr) {
        const std::uint64_t copied = copied_bytes(reader.info(), plan);
        phases.count_bytes(copied, copied);
    }
    const std::string& target = arguments.positionals[1];
    CheckpointWriter writer(reader, target, arguments.flag("force"), palettized_paths(plan));
    phases.leave();

    const GraphResult result = run_graph(plan, graph_ports(reader, writer, recorder), budget_bytes);
    if (const int code = report_failures(result.outcomes); code != 0) return code;

    phases.enter("finish", Activity::kWriting);
    writer.finish(results_json(plan, result.outcomes, config_to_json(config),
                               input_fingerprint(reader.info())));
    phases.enter("fsync", Activity::kWriting);
    phases.count_bytes(0, writer.sync());
    phases.leave();

    RunFacts facts{result.outcomes,         reader.info().file_bytes, 0, 0,
                   threads_from(arguments), options.cluster.engine};
    facts.wall_seconds = seconds_since(start);
    if (arguments.has("report")) report.write(report_json(plan, &facts));
    if (arguments.has("trace")) trace.write(trace_json(recording->slices()));
    phases.enter("publish", Activity::kWriting);
    publish(report, trace, writer);
    phases.leave();
    facts.file_bytes_out = fs::file_size(target);
    std::cout << report_table(plan, &facts);
    if (arguments.flag("profile")) {
        std::cerr << profile_table(
            make_profile(recording->slices(), seconds_since(start), facts.threads));
    }
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
                options.add(certify_option())
                    .add(thread_options())
                    .add(recording_options())
                    .add(force_option());
                return options;
            },
            execute_run};
}

}  // namespace pal
