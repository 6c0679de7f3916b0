#include "pipeline/run/execute.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/profile/profile.hpp"
#include "pipeline/profile/trace.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/run/growing_output.hpp"
#include "pipeline/run/resume.hpp"
#include "pipeline/run/shared_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Returns the bytes of all that is copied as it is.
std::uint64_t copied_bytes(const CheckpointInfo& info, const Plan& plan) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.bytes;
    for (const PlanEntry* entry : plan.palettized()) bytes -= entry->dataset->bytes;
    return bytes;
}

/// A whole file, done by this process.
class WholeFile {
  public:
    WholeFile(Run& run, std::size_t file, RankRecorder& recording)
        : run_(run),
          file_(file),
          start_(run.is_batch ? Clock::now() : run.start),
          own_recording_(run.is_batch && wants_recording(run.arguments)
                             ? std::make_unique<Recorder>()
                             : nullptr),
          recorder_(run.is_batch ? own_recording_.get() : recording.recorder()),
          own_phases_(own_recording_.get()),
          phases_(run.is_batch ? own_phases_ : recording.phases()) {}

    void execute(const Speech& speech) {
        if (run_.is_batch) open();
        phases_.enter("copy", Activity::kWriting);
        if (recorder_ != nullptr && !run_.shard) {
            const std::uint64_t copied = copied_bytes(reader_->info(), plan());
            phases_.count_bytes(copied, copied);
        }
        output_.emplace(FileWork{run_, *reader_, plan(), recorder_, phases_}, run_.target(file_),
                        identity(), palettized_paths(plan()),
                        run_.shard ? Copies::kNothing : Copies::kEverything);
        palettize(speech);
        require_success(output_->results(), run_.team.stopped(), speech);
        Origin origin = origin_of(run_, reader_->info(), plan().layout);
        origin.shard = run_.shard;
        const std::uint64_t bytes = output_->finish(origin);
        run_.results[file_].tensors = output_->results();
        complete_result(run_, file_, bytes, start_, timing());
    }

    [[nodiscard]] GrowingOutput& output() { return *output_; }
    [[nodiscard]] Phases& phases() noexcept { return phases_; }

    [[nodiscard]] Timing timing() {
        if (recorder_ == nullptr) return {};
        const auto profile = [this] {
            return make_profile(recorder_->slices(), seconds_since(start_),
                                threads_from(run_.arguments));
        };
        return {[profile] { return profile_json(profile()).dump(); },
                [profile] { return profile_table(profile()); },
                [this] { return trace_json(recorder_->slices()); }};
    }

  private:
    [[nodiscard]] const Plan& plan() const { return run_.plan(file_); }

    /// Opens an input of a batch again, as it was planned.
    void open() {
        phases_.enter("scan", Activity::kReading);
        const std::string& path = run_.input(file_).path;
        own_reader_ =
            std::make_unique<const CheckpointReader>(path, read_options_from(run_.arguments));
        if (identity_of_file(run_, file_, own_reader_->info()).input !=
            run_.identities[file_].input)
            throw Error(ErrorCode::kInput, path + ": was changed since it was planned");
        leave_nonfinite_dense(run_, file_, *own_reader_);
        reader_ = own_reader_.get();
    }

    /// Returns what the journal is told from others by.
    [[nodiscard]] RunIdentity identity() const {
        RunIdentity identity = identity_of_file(run_, file_, reader_->info());
        if (const auto& shard = run_.shard)
            identity.config += fmt::format(" shard {}/{}", shard->choice.part, shard->choice.parts);
        return identity;
    }

    void palettize(const Speech& speech) {
        const auto entries = plan().palettized();
        std::size_t next = 0;
        output_->resume([&](const std::string& name) -> const PlanEntry* {
            if (next == entries.size() || journal_name(*entries[next]) != name) return nullptr;
            return entries[next++];
        });
        phases_.leave();
        if (next > 0) {
            log_note(
                fmt::format("{} of {} tensors were done by an earlier run", next, entries.size()));
        }
        Progress progress(entries.size(), weight_bytes(entries),
                          speech.of_progress ? progress_on_stderr() : ProgressOutput{});
        progress.add_earlier(
            next, weight_bytes({entries.begin(), entries.begin() + std::ptrdiff_t(next)}));
        output_->palettize({}, progress);
    }

    Run& run_;
    std::size_t file_;
    Clock::time_point start_;
    std::unique_ptr<Recorder> own_recording_;  // of a file of a batch
    Recorder* recorder_;
    Phases own_phases_;
    Phases& phases_;
    std::unique_ptr<const CheckpointReader> own_reader_;
    const CheckpointReader* reader_ = run_.reader.get();
    std::optional<GrowingOutput> output_;
};

FinishedOutput execute_whole(Run& run, std::size_t file, RankRecorder& recording,
                             const Speech& speech) {
    auto whole = std::make_shared<WholeFile>(run, file, recording);
    whole->execute(speech);
    FinishedOutput output{file, &whole->output().writer(), whole->output().journal().part_path(),
                          whole->timing(), &whole->phases()};
    output.published = [&journal = whole->output().journal()] { journal.discard(); };
    output.owner = std::move(whole);
    return output;
}

}  // namespace

FinishedOutput execute(Run& run, std::size_t file, RankRecorder& recording, const Speech& speech) {
    if (run.is_batch || run.team.is_alone()) return execute_whole(run, file, recording, speech);
    return execute_shared(run, recording);
}

void require_success(const std::vector<TensorResult>& results, const std::string& stopped,
                     const Speech& speech) {
    int code = 0;
    bool output_failed = false;
    bool interrupted = false;
    for (const TensorResult& result : results) {
        if (!result.failed) continue;
        if (code == 0) code = static_cast<int>(result.code);
        interrupted = interrupted || result.code == ErrorCode::kStopped;
        if (result.code == ErrorCode::kStopped) continue;
        if (result.code == ErrorCode::kOutput && std::exchange(output_failed, true)) continue;
        log_error(speech.before_errors + result.message);
    }
    if (code == 0) return;
    if (output_failed) output_failure_was_said();
    if (interrupted) {
        if (speech.of_progress) log_error(stopped);
        throw JobFailed{ErrorCode::kStopped};
    }
    log_error(speech.before_errors + "nothing was written");
    throw JobFailed{static_cast<ErrorCode>(code)};
}

void complete_result(Run& run, std::size_t file, std::uint64_t output_bytes,
                     Clock::time_point start, const Timing& timing) {
    const Arguments arguments = run.arguments_of(file);
    FileResult& result = run.results[file];
    result.input = arguments.positionals[0];
    result.output = arguments.positionals[1];
    result.file_bytes_in = run.planned.infos[file].file_bytes;
    result.file_bytes_out = output_bytes;
    result.wall_seconds = seconds_since(start);
    result.threads = threads_from(arguments);
    result.engine = run.planned.options.cluster.engine;
    result.described = wants_details(arguments);
    if (timing.profile_json) result.profile_json = timing.profile_json();
}

}  // namespace pal
