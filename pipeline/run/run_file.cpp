// The work on one file whose plan is made: what the ways to run share.
#include "pipeline/run/run_file.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <utility>

#include "io/guard/last_wish.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/graph/graph.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "pipeline/profile/profile.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/report_detail.hpp"
#include "pipeline/report/report_page.hpp"
#include "pipeline/run/resume.hpp"
#include "pipeline/shards/shard_record.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Prints every failure, but what was not done only once; the first one's code is the run's. 0
/// where nothing failed.
int report_failures(const std::vector<Outcome>& outcomes, const std::string& stopped,
                    const Speech& speech) {
    int code = 0;
    bool output_failed = false;
    bool interrupted = false;
    for (const Outcome& outcome : outcomes) {
        if (!outcome.failed) continue;
        if (code == 0) code = static_cast<int>(outcome.code);
        if (outcome.code == ErrorCode::kOutput && std::exchange(output_failed, true)) continue;
        if (outcome.code == ErrorCode::kStopped) {
            interrupted = true;
            continue;
        }
        log_error(speech.before_errors + outcome.message);
    }
    if (output_failed) output_failure_was_said();
    if (interrupted) {
        if (speech.of_progress) log_error(stopped);
        return static_cast<int>(ErrorCode::kStopped);
    }
    if (code != 0) log_error(speech.before_errors + "nothing was written");
    return code;
}

/// What is copied as it is.
std::uint64_t copied_bytes(const CheckpointInfo& info, const Plan& plan) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.bytes;
    for (const PlanEntry* entry : plan.palettized()) bytes -= entry->dataset->bytes;
    return bytes;
}

/// Palettizes what is not done yet.
GraphResult palettize_rest(const Plan& plan, const Work& work, Journal& journal,
                           CheckpointWriter& writer, std::vector<Outcome> resumed,
                           const ProgressOutput& shown) {
    const auto entries = plan.palettized();
    if (!resumed.empty()) {
        log_note(std::to_string(resumed.size()) + " of " + std::to_string(entries.size()) +
                 " tensors were done by an earlier run");
    }
    Progress progress(entries.size(), weight_bytes(entries), shown);
    progress.add_earlier(resumed.size(), weight_bytes(std::span(entries).first(resumed.size())));
    // After a tensor that failed the rest is not kept.
    const auto to_keep = [&](const TensorTask& task) -> const PlanEntry* {
        const PlanEntry* const entry = entries[journal.size()];
        return entry->task.path == task.path ? entry : nullptr;
    };
    const RunOutput output{journal, writer, to_keep, progress, entries.size()};
    return run_graph(plan, graph_ports(work, output), work.budget_bytes, std::move(resumed));
}

}  // namespace

Reports::Reports(const Arguments& arguments)
    : json(report_from(arguments)), trace(trace_from(arguments)), page(page_from(arguments)) {}

void Reports::write(const Arguments& arguments, const Plan& plan, const RunFacts& facts,
                    const std::function<std::string()>& trace_of_run) {
    if (arguments.has("trace")) trace.write(trace_of_run());
    if (!arguments.has("report") && !arguments.has("report-html")) return;
    const std::string text = report_json(plan, &facts);
    json.write(text);
    if (arguments.has("report-html")) page.write(report_page(text));
}

void Reports::publish(CheckpointWriter& writer) {
    try {
        for (ReportFile* file : {&json, &trace, &page}) file->publish();
        writer.publish();
    } catch (const Error&) {
        for (ReportFile* file : {&json, &trace, &page}) file->withdraw();
        throw;
    }
}

Plan executable_plan(const Arguments& arguments, const Config& config, const PlanOptions& options,
                     const CheckpointReader& reader) {
    if (!reader.info().unsupported.empty()) {
        throw Error(ErrorCode::kInput, arguments.positionals[0] + ": " + reader.info().unsupported);
    }
    Plan plan = make_plan(reader.info(), config, options);
    for (const std::string& warning : plan.warnings) log_warning(warning);
    if (skips_nonfinite(arguments)) skip_nonfinite(plan, reader);
    if (plan.palettized().empty()) {
        log_warning(
            "no selected tensor fits its spec: the output is a plain copy; the table says why");
    }
    return plan;
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<std::string> palettized_paths(const Plan& plan) {
    std::vector<std::string> paths;
    for (const PlanEntry* entry : plan.palettized()) paths.push_back(entry->dataset->path);
    return paths;
}

std::uint64_t weight_bytes(std::span<const PlanEntry* const> entries) {
    std::uint64_t bytes = 0;
    for (const PlanEntry* entry : entries)
        bytes += entry->task.geometry.weight_count * dtype_bytes(entry->task.dtype);
    return bytes;
}

Fingerprint RunOutput::write(const TensorTask& task, const Packed& packed,
                             const CheckpointReader& reader) const {
    const auto chunks = writer.write_palettized(task.path, packed.tensor, spec_to_json(task.spec));
    reader.require_whole(task.path);
    const ErrorReport error = checked_error(task, packed);
    progress.end(packed.tensor.geometry.weight_count * dtype_bytes(task.dtype));
    log_detail(fmt::format("{}: {} bit, {:.2f} dB", task.path, task.spec.n_bits, error.sqnr_db));
    if (const PlanEntry* const entry = to_keep(task)) {
        journal.add(journal_name(*entry), packed.tensor, chunks,
                    note_of(error, packed, entry->slab.has_value()));
    }
    return chunks_fingerprint(chunks);
}

GraphPorts graph_ports(const Work& work, const RunOutput& output) {
    GraphPorts ports;
    ports.load = [&](const PlanEntry& entry) {
        if (stop_requested()) {
            throw Error(ErrorCode::kStopped, entry.task.path + ": not done: interrupted");
        }
        output.progress.begin(entry.task.path);
        Weights weights = work.reader.open_weights(*entry.dataset, entry.kept_bytes);
        return entry.slab ? slab_weights(weights, entry.task.geometry, *entry.slab) : weights;
    };
    ports.write = [&](const TensorTask& task, const Packed& packed) {
        return output.write(task, packed, work.reader);
    };
    ports.recorder = work.recorder;
    ports.stopped = stop_requested;
    if (work.sensitivities != nullptr) {
        ports.sensitivities = [&work](const PlanEntry& entry) {
            return work.sensitivities->open_weights(*entry.sensitivities);
        };
    }
    if (work.describes) ports.describe = detail_limits(output.tensors);
    return ports;
}

Origin origin_of(const Config& config, const CheckpointInfo& input,
                 const CheckpointInfo* sensitivities) {
    return {config_to_json(config), input_fingerprint(input),
            sensitivities != nullptr ? input_fingerprint(*sensitivities) : std::string()};
}

ShardRecord record_of(const ShardChoice& shard, const Plan& whole, const RunIdentity& identity,
                      const std::string& input) {
    Fingerprint plan;
    plan.add(identity.config);
    return {shard, whole.palettized().size(), std::filesystem::absolute(input).string(),
            identity.input, plan.text()};
}

RunFacts facts_of(const Arguments& arguments, const CheckpointInfo& input,
                  const std::vector<Outcome>& outcomes) {
    RunFacts facts;
    facts.outcomes = outcomes;
    facts.file_bytes_in = input.file_bytes;
    facts.threads = threads_from(arguments);
    facts.engine = plan_options_from(arguments).cluster.engine;
    facts.input = arguments.positionals[0];
    facts.output = arguments.positionals[1];
    facts.described = wants_details(arguments);
    return facts;
}

bool wants_details(const Arguments& arguments) {
    return arguments.has("report-html") || arguments.flag("report-detail");
}

bool wants_recording(const Arguments& arguments) {
    return wants_details(arguments) || arguments.flag("profile") || arguments.has("trace");
}

std::string stopped_message(const std::string& target) {
    return target + ": interrupted; the same command with --resume goes on from what is done";
}

int run_file(const FileRun& run, const PublishFile& publish) {
    const auto& [arguments, target, config, plan, work, phases, start, stopped, heading, shard,
                 speech] = run;
    const CheckpointInfo& input = work.reader.info();
    const CheckpointInfo* const sensitivities =
        work.sensitivities != nullptr ? &work.sensitivities->info() : nullptr;
    phases.enter("copy", Activity::kWriting);
    if (work.recorder != nullptr && !shard) {
        const std::uint64_t copied = copied_bytes(input, plan);
        phases.count_bytes(copied, copied);
    }
    const bool resume = arguments.flag("resume");
    if (resume) require_resumable(plan);
    RunIdentity identity =
        identity_of(plan, input, arguments.positionals[0], config_to_json(config), sensitivities);
    if (shard)
        identity.config += fmt::format(" shard {}/{}", shard->choice.part, shard->choice.parts);
    Journal journal(target, identity, resume);
    if (resume) journal.keep();
    CheckpointWriter writer(work.reader, target, arguments.flag("force"), palettized_paths(plan),
                            journal.part_path(), shard ? Copies::kNothing : Copies::kEverything);
    std::vector<Outcome> resumed = resume_finished(journal, writer, plan.palettized());
    phases.leave();

    const GraphResult result =
        palettize_rest(plan, work, journal, writer, std::move(resumed),
                       speech.of_progress ? progress_on_stderr() : ProgressOutput{});
    if (stop_requested()) journal.keep();
    if (const int code = report_failures(result.outcomes, stopped, speech); code != 0) return code;

    phases.enter("finish", Activity::kWriting);
    Origin origin = origin_of(config, input, sensitivities);
    origin.shard = shard;
    writer.finish(results_json(plan, result.outcomes, origin));
    phases.enter("fsync", Activity::kWriting);
    const std::uint64_t output_bytes = writer.sync();
    phases.count_bytes(0, output_bytes);
    phases.leave();

    RunFacts facts = facts_of(arguments, input, result.outcomes);
    facts.file_bytes_out = output_bytes;
    facts.wall_seconds = seconds_since(start);
    if (work.recorder != nullptr)
        facts.profile = make_profile(work.recorder->slices(), facts.wall_seconds, facts.threads);
    publish(writer, journal.part_path(), facts);
    journal.discard();
    phases.leave();
    if (!speech.of_progress) return 0;
    if (arguments.flag("profile")) {
        std::cerr << profile_table(
            make_profile(work.recorder->slices(), seconds_since(start), facts.threads));
    }
    if (log_options().verbosity > Verbosity::kQuiet)
        print_when_done(heading + report_table(plan, &facts), target);
    return 0;
}

}  // namespace pal
