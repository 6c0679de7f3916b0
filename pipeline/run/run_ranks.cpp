// run, by several ranks of one job: each makes a shard of what rank 0 hands out, rank 0 merges.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/profile/rank_recorder.hpp"
#include "pipeline/profile/trace.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/ranks/piece_source.hpp"
#include "pipeline/report/reported.hpp"
#include "pipeline/run/job.hpp"
#include "pipeline/run/merge.hpp"
#include "pipeline/run/rank_files.hpp"
#include "pipeline/run/resume.hpp"
#include "pipeline/run/run_file.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class RankRun {
  public:
    RankRun(const Arguments& arguments, Ranks& ranks)
        : arguments_(arguments),
          ranks_(ranks),
          recording_(ranks, wants_recording(arguments)),
          target_(behind_links(arguments.positionals[1])),
          stopped_(stopped_message(target_)),
          folder_(folder_of_ranks(target_)) {}
    ~RankRun() {
        writer_.reset();
        journal_.reset();          // and its files, unless they are kept
        ::rmdir(folder_.c_str());  // the last one does
    }
    RankRun(const RankRun&) = delete;
    RankRun& operator=(const RankRun&) = delete;

    void run() {
        stop_on_signals(stopped_);
        const auto identities = together([&] { return prepare(); });
        require_alike(ranks_, stopped_, identities);
        recording_.begin();
        together([&] { return ranks_.rank() == 0 ? prepare_folder() : std::string(); });
        const auto resumed = together([&] { return open_shard(); });
        const auto facts = palettize(resumed);
        const auto shards = together([&] { return finish_shard(); });
        if (recording_.recorder() != nullptr) gather_recordings();
        together([&] {
            if (ranks_.rank() == 0) merge(shards, facts);
            return std::string();
        });
        journal_->discard();
        if (ranks_.rank() == 0 && arguments_.flag("profile"))
            std::cerr << profile_table(make_profile(recording_.job_until_now()));
        if (ranks_.rank() == 0 && log_options().verbosity > Verbosity::kQuiet)
            print_when_done(report_table(plan_, &*run_facts_), target_);
    }

  private:
    std::vector<std::string> together(const std::function<std::string()>& step) {
        auto said = take_step(ranks_, stopped_, [&] {
            std::string text = step();
            phases_.enter("wait", Activity::kWaiting);
            return text;
        });
        phases_.leave();
        return said;
    }

    /// Returns what tells the plan from others.
    std::string prepare() {
        refuse_for_ranks(arguments_);
        config_ = config_from(arguments_);
        PlanOptions options = plan_options_from(arguments_);
        budget_bytes_ = memory_from(arguments_);
        phases_.enter("scan", Activity::kReading);
        reader_.emplace(arguments_.positionals[0], read_options_from(arguments_));
        sensitivities_ = sensitivities_from(arguments_);
        if (sensitivities_) options.sensitivities = &sensitivities_->info();
        phases_.enter("plan", Activity::kComputing);
        check_output(arguments_);
        if (ranks_.rank() == 0) reports_.emplace(arguments_);
        plan_ = executable_plan(arguments_, config_, options, *reader_);
        if (sensitivities_) require_valid(*sensitivities_, plan_);
        if (arguments_.flag("resume")) require_resumable(plan_);
        identity_ = identity_of(plan_, reader_->info(), arguments_.positionals[0],
                                config_to_json(config_), options.sensitivities);
        pieces_ = pieces_by_seconds(plan_, ranks_.size());
        parts_ = plan_of_pieces(plan_, pieces_);
        entries_ = parts_.palettized();
        for (std::size_t p = 0; p < entries_.size(); ++p) piece_of_[&entries_[p]->task] = p;
        return identity_.input + "\n" + identity_.config + "\n" + identity_.version + "\n" +
               target_ + (recording_.recorder() != nullptr ? "\nrecorded" : "");
    }

    std::string prepare_folder() const {
        std::error_code error;
        fs::create_directory(folder_, error);
        if (error) throw Error(ErrorCode::kOutput, folder_ + ": " + error.message());
        clear_other_jobs(target_, ranks_.size(), arguments_.flag("resume"));
        return {};
    }

    /// Returns the numbers of the pieces that an earlier job did.
    std::string open_shard() {
        phases_.enter("open shard", Activity::kWriting);
        const std::string shard = shard_of_rank(target_, ranks_.rank(), ranks_.size());
        journal_.emplace(shard, identity_, arguments_.flag("resume"));
        if (arguments_.flag("resume")) journal_->keep();
        writer_.emplace(*reader_, shard, true, palettized_paths(plan_), journal_->part_path(),
                        Copies::kNothing);
        std::unordered_map<std::string, std::size_t> by_name;
        for (std::size_t p = 0; p < entries_.size(); ++p) by_name[journal_name(*entries_[p])] = p;
        outcomes_ =
            resume_finished(*journal_, *writer_, [&](const std::string& name) -> const PlanEntry* {
                const auto found = by_name.find(name);
                if (found == by_name.end()) return nullptr;
                own_pieces_.push_back(found->second);
                return entries_[found->second];
            });
        return Json(own_pieces_).dump();
    }

    /// Returns what ranks have to say of the pieces that they did.
    std::vector<std::string> palettize(const std::vector<std::string>& resumed) {
        Handout handout(pieces_, ranks_.size());
        Progress progress(entries_.size(), weight_bytes(entries_),
                          ranks_.rank() == 0 ? progress_on_stderr() : ProgressOutput{});
        std::size_t done = 0;
        for (std::size_t rank = 0; rank < resumed.size(); ++rank) {
            for (const Json& piece : Json::parse(resumed[rank])) {
                handout.mark_done(rank, piece.get<std::size_t>());
                const PlanEntry* const entry = entries_[piece.get<std::size_t>()];
                progress.add_earlier(1, weight_bytes(std::span(&entry, 1)));
                ++done;
            }
        }
        if (done > 0) {
            log_note(
                fmt::format("{} of {} pieces were done by an earlier run", done, entries_.size()));
        }
        if (ranks_.rank() == 0) ranks_.serve(serve_pieces(handout, progress));
        PieceSource source(ranks_, recording_.recorder());
        const StepResult result = result_of([&] { return run_pieces(source, progress); });
        phases_.enter("wait", Activity::kWaiting);
        source.leave();
        if (ranks_.rank() == 0) ranks_.finish_serving();
        return together([&] {
            if (result.code == 0) return result.text;
            throw Error(static_cast<ErrorCode>(result.code), result.text);
        });
    }

    std::string run_pieces(PieceSource& source, Progress& progress) {
        const auto to_keep = [&](const TensorTask& task) { return entries_[piece_of_.at(&task)]; };
        const RunOutput output{*journal_, *writer_, to_keep, progress, entries_.size()};
        const Work work{*reader_, sensitivities_.get(), recording_.recorder(), false,
                        budget_bytes_};
        GraphPorts ports = graph_ports(work, output);
        ports.next = [&]() -> const PlanEntry* {
            const auto piece = source.next();
            return piece ? entries_[*piece] : nullptr;
        };
        ports.done = [&](const PlanEntry& entry, const Outcome& outcome) {
            const PlanEntry* const one = &entry;
            source.done({1, weight_bytes(std::span(&one, 1)), outcome.failed});
        };
        ports.stopped = [&] { return stop_requested() || source.failed(); };
        outcomes_ = run_graph(parts_, ports, budget_bytes_, std::move(outcomes_)).outcomes;
        own_pieces_.insert(own_pieces_.end(), source.order().begin(), source.order().end());
        own_pieces_.resize(outcomes_.size());  // the last may not have been admitted
        if (stop_requested()) journal_->keep();
        require_done();
        return said_of_pieces();
    }

    /// Says what failed, where the job would not.
    void require_done() const {
        std::string texts;
        ErrorCode code = ErrorCode::kStopped;
        for (const Outcome& outcome : outcomes_) {
            if (!outcome.failed || outcome.code == ErrorCode::kStopped) continue;
            if (code == ErrorCode::kStopped) code = outcome.code;
            log_error(fmt::format("rank {}: {}", ranks_.rank(), outcome.message));
        }
        if (code != ErrorCode::kStopped) throw Error(code, "");
        if (stop_requested()) throw Error(ErrorCode::kStopped, "");
    }

    /// What rank 0 wants to know of them for a report.
    std::string said_of_pieces() const {
        Json said = Json::array();
        for (std::size_t p = 0; p < outcomes_.size(); ++p) {
            const Outcome& outcome = outcomes_[p];
            said.push_back({own_pieces_[p], outcome.seconds,
                            outcome.optimality_gap ? Json(*outcome.optimality_gap) : Json(nullptr),
                            outcome.weighted_mse ? Json(*outcome.weighted_mse) : Json(nullptr)});
        }
        return said.dump();
    }

    /// Returns where the shard is.
    std::string finish_shard() {
        phases_.enter("finish", Activity::kWriting);
        std::vector<std::size_t> by_path(own_pieces_.size());
        for (std::size_t p = 0; p < by_path.size(); ++p) by_path[p] = p;
        std::ranges::sort(by_path, {},
                          [&](std::size_t p) { return entries_[own_pieces_[p]]->dataset->path; });
        std::vector<Piece> pieces;
        std::vector<Outcome> outcomes;
        for (const std::size_t p : by_path) {
            pieces.push_back(pieces_[own_pieces_[p]]);
            outcomes.push_back(outcomes_[p]);
        }
        Origin origin =
            origin_of(config_, reader_->info(), sensitivities_ ? &sensitivities_->info() : nullptr);
        origin.shard =
            record_of({ranks_.rank(), ranks_.size()}, plan_, identity_, arguments_.positionals[0]);
        writer_->finish(results_json(plan_of_pieces(plan_, pieces), outcomes, origin));
        phases_.enter("fsync", Activity::kWriting);
        phases_.count_bytes(0, writer_->sync());
        return journal_->part_path();
    }

    void gather_recordings() {
        recording_.end();
        const auto heads =
            together([&] { return recording_.packed(entries_, threads_from(arguments_)); });
        recording_.gather(heads, entries_);
    }

    void merge(const std::vector<std::string>& files, const std::vector<std::string>& said) {
        phases_.enter("merge", Activity::kWriting);
        std::vector<Shard> shards = open_shards(files);
        require_input_of(shards.front(), reader_->info());
        const std::vector<MergedTensor> tensors = merged_tensors(shards, reader_->info());
        const Journal place(target_, identity_, false);  // the next job finds it if this is killed
        CheckpointWriter writer(*reader_, target_, arguments_.flag("force"), paths_of(tensors),
                                place.part_path());
        const std::string results =
            results_json(shards.front().head, write_merged(tensors, {}, *reader_, writer));
        writer.finish(results);
        phases_.enter("merge fsync", Activity::kWriting);
        const std::uint64_t bytes = writer.sync();
        phases_.count_bytes(0, bytes);
        phases_.leave();
        run_facts_ = facts_of(arguments_, reader_->info(), outcomes_of(results, said));
        run_facts_->file_bytes_out = bytes;
        run_facts_->wall_seconds = seconds_since(start_);
        write_reports();
        phases_.enter("publish", Activity::kWriting);
        reports_->publish(writer);
        remove_parts(target_, ranks_.size());  // or a rank that is killed now would leave them all
    }

    void write_reports() {
        const JobRecording* const job =
            recording_.recorder() != nullptr ? &recording_.job_until_now() : nullptr;
        if (job != nullptr) run_facts_->job_profile = make_profile(*job);
        reports_->write(arguments_, plan_, *run_facts_, [&] { return trace_json(job->ranks); });
    }

    /// Of the whole plan, from what the merged file and the ranks say.
    [[nodiscard]] std::vector<Outcome> outcomes_of(const std::string& results,
                                                   const std::vector<std::string>& said) const {
        const auto whole = plan_.palettized();
        const auto reported = reported_results(results);
        std::vector<Outcome> outcomes(whole.size());
        for (std::size_t e = 0; e < whole.size(); ++e) {
            outcomes[e].finished = true;
            outcomes[e].error = reported.at(whole[e]->dataset->path).error;
        }
        for (const std::string& text : said) {
            for (const Json& piece : Json::parse(text)) {
                Outcome& outcome = outcomes[pieces_[piece.at(0).get<std::size_t>()].entry];
                outcome.seconds += piece.at(1).get<double>();
                if (piece.at(2).is_number()) {
                    outcome.optimality_gap =
                        std::max(outcome.optimality_gap.value_or(0), piece.at(2).get<double>());
                }
                if (piece.at(3).is_number()) outcome.weighted_mse = piece.at(3).get<double>();
            }
        }
        return outcomes;
    }

    const Arguments& arguments_;
    Ranks& ranks_;
    RankRecorder recording_;
    Phases& phases_ = recording_.phases();
    const Clock::time_point start_ = Clock::now();
    const std::string target_;
    const std::string stopped_;
    const std::string folder_;
    Config config_;
    std::uint64_t budget_bytes_ = 0;
    std::optional<CheckpointReader> reader_;
    std::unique_ptr<const CheckpointReader> sensitivities_;
    std::optional<Reports> reports_;
    Plan plan_;
    RunIdentity identity_;
    std::vector<Piece> pieces_;
    Plan parts_;                             // an entry for each piece
    std::vector<const PlanEntry*> entries_;  // of parts_
    std::unordered_map<const TensorTask*, std::size_t> piece_of_;
    std::optional<Journal> journal_;
    std::optional<CheckpointWriter> writer_;
    std::vector<std::size_t> own_pieces_;  // in the order of outcomes_
    std::vector<Outcome> outcomes_;
    std::optional<RunFacts> run_facts_;
};

}  // namespace

int execute_run_of_ranks(const Arguments& arguments, Ranks& ranks) {
    const Arguments own = arguments_of_rank(arguments, ranks);
    return run_job(ranks, [&] { RankRun(own, ranks).run(); });
}

}  // namespace pal
