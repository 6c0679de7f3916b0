#include "pipeline/run/execute.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/run/growing_output.hpp"
#include "pipeline/run/shared_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Returns the bytes of all that is copied as it is.
std::uint64_t copied_bytes(const CheckpointInfo& info, const Plan& plan) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.bytes;
    for (const PlanEntry* entry : plan.palettized()) bytes -= entry->dataset->bytes;
    return bytes;
}

/// Logs every failed tensor. Throws JobFailed if there is one, or if the run was interrupted: with
/// the code of the failure that ended the run, or else of the first.
void require_success(const std::vector<TensorResult>& results, const std::string& stopped,
                     const std::string& before_errors) {
    int code = 0;
    bool ended = false;
    bool interrupted = false;
    for (const TensorResult& result : results) {
        if (!result.failed) continue;
        if (code == 0 || (ends_run(result.code) && !ended)) code = static_cast<int>(result.code);
        interrupted = interrupted || result.code == ErrorCode::kStopped;
        if (result.code == ErrorCode::kStopped) continue;
        if (ends_run(result.code) && std::exchange(ended, true)) continue;
        log_error(before_errors + result.message);
    }
    if (code == 0) return;
    if (ended) failure_was_said(static_cast<ErrorCode>(code));
    if (interrupted) {
        if (before_errors.empty()) log_error(stopped);  // otherwise rank 0 says it
        throw JobFailed{ErrorCode::kStopped};
    }
    log_error(before_errors + "nothing was written");
    throw JobFailed{static_cast<ErrorCode>(code)};
}

/// Opens an input of a batch again, and checks that it is as it was planned.
std::unique_ptr<const CheckpointReader> open_again(Run& run, std::size_t file) {
    const std::string& path = run.input(file).path;
    ReadOptions options = read_options_from(run.arguments);
    options.dropped = run.planned.infos[file].dropped.links;
    auto reader = std::make_unique<const CheckpointReader>(path, options);
    const RunIdentity now = identity_of_file(run, file, reader->info());
    if (now.input != run.identities[file].input || now.inodes != run.identities[file].inodes)
        throw Error(ErrorCode::kInput, path + ": was changed since it was planned");
    leave_nonfinite_dense(run, file, *reader);
    return reader;
}

/// Takes over what an earlier run finished, and palettizes the rest.
void palettize(GrowingOutput& output, const Plan& plan, Phases& phases, bool is_quiet) {
    const auto entries = plan.palettized();
    std::size_t done = 0;
    output.resume([&](const std::string& name) -> const PlanEntry* {
        if (done == entries.size() || journal_name(*entries[done]) != name) return nullptr;
        return entries[done++];
    });
    phases.leave();
    if (done > 0) {
        log_note(fmt::format("{} of {} tensors were done by an earlier run", done, entries.size()));
    }
    Progress progress(entries.size(), weight_bytes(entries),
                      is_quiet ? ProgressOutput{} : progress_on_stderr());
    progress.add_earlier(done, weight_bytes(output.entries()));
    output.palettize({}, progress);
}

/// A whole file that this process does.
struct WholeFile {
    std::unique_ptr<const CheckpointReader> reader;  // of a file of a batch
    std::unique_ptr<GrowingOutput> output;
};

FinishedOutput execute_whole(Run& run, std::size_t file, RankRecorder& recording, bool is_quiet,
                             const std::string& before_errors) {
    auto whole = std::make_shared<WholeFile>();
    Phases& phases = recording.phases();
    if (run.is_batch) {
        phases.enter("scan", Activity::kReading);
        whole->reader = open_again(run, file);
    }
    const CheckpointReader& reader = run.is_batch ? *whole->reader : *run.reader;
    const Plan& plan = run.plan(file);
    phases.enter("copy", Activity::kWriting);
    if (recording.recorder() != nullptr && !run.shard) {
        const std::uint64_t copied = copied_bytes(reader.info(), plan);
        phases.count_bytes(copied, copied);
    }
    whole->output = std::make_unique<GrowingOutput>(
        FileWork{run, reader, plan, recording.recorder(), phases}, run.target(file),
        identity_of_file(run, file, reader.info()), palettized_paths(plan),
        run.shard ? Copies::kNothing : Copies::kEverything);
    GrowingOutput& output = *whole->output;
    palettize(output, plan, phases, is_quiet);
    require_success(output.results(), run.team.stopped(), before_errors);
    Origin origin = origin_of(run, reader.info(), plan.layout);
    origin.shard = run.shard;
    const std::uint64_t bytes = output.finish(origin);
    run.results[file].tensors = output.results();
    complete_result(run, file, bytes, recording);
    return {file,
            &recording,
            &output.writer(),
            &output.journal(),
            {},
            [&output] { output.journal().discard(); },
            std::move(whole)};
}

}  // namespace

FinishedOutput execute(Run& run, std::size_t file, RankRecorder& recording, bool is_quiet,
                       const std::string& before_errors) {
    if (run.is_batch) run.start_of_file = Clock::now();
    return run.is_batch || run.team.is_alone()
               ? execute_whole(run, file, recording, is_quiet, before_errors)
               : execute_shared(run, recording);
}

void complete_result(Run& run, std::size_t file, std::uint64_t output_bytes,
                     RankRecorder& recording) {
    const Arguments arguments = run.arguments_of(file);
    FileResult& result = run.results[file];
    result.input = arguments.positionals[0];
    result.output = arguments.positionals[1];
    result.file_bytes_in = run.planned.infos[file].file_bytes;
    result.file_bytes_out = output_bytes;
    result.threads = threads_from(arguments);
    result.engine = run.planned.options.cluster.engine;
    result.described = wants_details(arguments);
    result.profile_json = recording.profile_json(run.start_of_file, result.threads);
    result.wall_seconds = std::chrono::duration<double>(Clock::now() - run.start_of_file).count();
}

}  // namespace pal
