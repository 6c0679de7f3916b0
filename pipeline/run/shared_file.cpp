#include "pipeline/run/shared_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <utility>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/merge/merge.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/record/result_bytes.hpp"
#include "pipeline/run/growing_output.hpp"
#include "pipeline/run/piece_source.hpp"
#include "pipeline/run/rank_files.hpp"
#include "pipeline/run/resume.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// The file that rank 0 merges the shards into. Its journal only keeps others from it.
struct MergedFile {
    MergedFile(const Run& run, const CheckpointReader& input,
               const std::vector<MergedTensor>& tensors)
        : place(run.target(0), run.identities[0], false),
          writer(input, run.target(0), run.arguments.flag("force"), paths_of(tensors),
                 place.partial_path()) {}

    Journal place;
    CheckpointWriter writer;
};

class SharedFile {
  public:
    SharedFile(Run& run, RankRecorder& recording)
        : run_(run),
          team_(run.team),
          recording_(recording),
          target_(run.target(0)),
          folder_(folder_of_ranks(target_)),
          pieces_(pieces_by_seconds(run.plan(0), team_.ranks().size())),
          parts_(plan_of_pieces(run.plan(0), pieces_)),
          entries_(parts_.palettized()) {
        for (std::size_t p = 0; p < entries_.size(); ++p) piece_of_[entries_[p]] = p;
    }
    ~SharedFile() {
        shard_.reset();            // and its files, unless they are kept
        ::rmdir(folder_.c_str());  // succeeds for the last rank
    }
    SharedFile(const SharedFile&) = delete;
    SharedFile& operator=(const SharedFile&) = delete;

    /// Fills in all of the output but its owner.
    FinishedOutput execute() {
        const auto resumed = together([&] { return open_shard(); });
        results_ = palettize(resumed);
        shards_ = together([&] { return finish_shard(); });
        if (recording_.recorder() != nullptr) gather_recordings();
        FinishedOutput output{0, &recording_};
        output.merge = [this](FinishedOutput& merged) {
            merge();
            merged.writer = &merged_->writer;
            merged.journal = &merged_->place;
        };
        output.published = [this] { clear(); };
        return output;
    }

  private:
    std::vector<std::string> together(const Team::Step& step) {
        return team_.together(step, &phases_);
    }

    /// Returns the numbers of the pieces that an earlier job did, as JSON.
    std::string open_shard() {
        phases_.enter("open shard", Activity::kWriting);
        const std::string path = shard_of_rank(target_, team_.ranks().rank(), team_.ranks().size());
        shard_.emplace(FileWork{run_, *run_.reader, parts_, recording_.recorder(), phases_}, path,
                       run_.identities[0], palettized_paths(run_.plan(0)), Copies::kNothing);
        std::unordered_map<std::string, const PlanEntry*> by_name;
        for (const PlanEntry* entry : entries_) by_name[journal_name(*entry)] = entry;
        shard_->resume([&](const std::string& name) {
            const auto found = by_name.find(name);
            return found == by_name.end() ? nullptr : found->second;
        });
        std::vector<std::size_t> pieces;
        for (const PlanEntry* entry : shard_->entries()) pieces.push_back(piece_of_.at(entry));
        return Json(pieces).dump();
    }

    /// Palettizes what rank 0 hands out. Returns the results of all pieces.
    NumberedResults palettize(const std::vector<std::string>& resumed) {
        Handout handout(pieces_, team_.ranks().size());
        Progress progress(entries_.size(), weight_bytes(entries_),
                          team_.leads() ? progress_on_stderr() : ProgressOutput{});
        std::size_t done = 0;
        for (std::size_t rank = 0; rank < resumed.size(); ++rank) {
            for (const std::size_t piece : Json::parse(resumed[rank])) {
                handout.mark_done(rank, piece);
                progress.add_earlier(1, weight_bytes({entries_[piece]}));
                ++done;
            }
        }
        if (done > 0) {
            log_note(
                fmt::format("{} of {} pieces were done by an earlier run", done, entries_.size()));
        }
        return hand_out(team_, handout, progress, recording_.recorder(), &phases_,
                        [&](PieceSource& source) { return run_pieces(source, progress); });
    }

    NumberedResults run_pieces(PieceSource& source, Progress& progress) {
        const TaskSource tasks{[&]() -> const PlanEntry* {
                                   const auto piece = source.next();
                                   return piece ? entries_[*piece] : nullptr;
                               },
                               [&](const PlanEntry& entry, const TensorResult& result) {
                                   source.done({1, weight_bytes({&entry}), result.failed});
                               },
                               [&] { return source.failed(); }};
        shard_->palettize(tasks, progress);
        log_failures();
        NumberedResults results;
        for (std::size_t e = 0; e < shard_->entries().size(); ++e)
            results.emplace_back(piece_of_.at(shard_->entries()[e]),
                                 to_bytes(shard_->results()[e]));
        return results;
    }

    /// Logs what failed on this rank, and throws if anything did.
    void log_failures() const {
        ErrorCode code = ErrorCode::kStopped;
        for (const TensorResult& result : shard_->results()) {
            if (!result.failed || result.code == ErrorCode::kStopped) continue;
            if (code == ErrorCode::kStopped) code = result.code;
            log_error(fmt::format("rank {}: {}", team_.ranks().rank(), result.message));
        }
        if (code != ErrorCode::kStopped) throw Error(code, "");
        if (stop_requested()) throw Error(ErrorCode::kStopped, "");
    }

    /// Returns where the shard is.
    std::string finish_shard() {
        Origin origin = origin_of(run_, run_.reader->info(), parts_.layout);
        origin.shard = shard_record_of(run_, {team_.ranks().rank(), team_.ranks().size()});
        (void)shard_->finish(origin);
        return shard_->journal().partial_path();
    }

    void gather_recordings() {
        recording_.end();
        const auto heads =
            together([&] { return recording_.packed(entries_, threads_from(run_.arguments)); });
        recording_.gather(heads, entries_);
    }

    void merge() {
        phases_.enter("merge", Activity::kWriting);
        const CheckpointReader& input = *run_.reader;
        const std::vector<Shard> shards = open_shards(shards_);
        require_input_of(shards.front(), input.info());
        const std::vector<MergedTensor> tensors = merged_tensors(shards, input.info());
        merged_.emplace(run_, input, tensors);
        const std::vector<TensorRecord> records = write_merged(tensors, {}, input, merged_->writer);
        merged_->writer.finish(results_json(shards.front().head, records, false));
        phases_.enter("merge fsync", Activity::kWriting);
        const std::uint64_t bytes = merged_->writer.sync();
        phases_.count_bytes(0, bytes);
        phases_.leave();
        run_.results[0].tensors = joined_results(records, results_);
        complete_result(run_, 0, bytes, recording_);
    }

    /// Returns the results of the whole plan. records: of the merged file, in the order of the
    /// plan. results: of the pieces. Times of slabs add up, and their largest gap counts; tensors
    /// with sensitivities are never cut.
    [[nodiscard]] std::vector<TensorResult> joined_results(const std::vector<TensorRecord>& records,
                                                           const NumberedResults& results) const {
        std::vector<TensorResult> whole;
        whole.reserve(records.size());
        for (const TensorRecord& record : records) whole.push_back(record.result);
        for (const auto& [piece, bytes] : results) {
            TensorResult part = result_from_bytes(bytes);
            TensorResult& result = whole[pieces_[piece].entry];
            if (!pieces_[piece].slab) {
                result = std::move(part);
                continue;
            }
            result.seconds += part.seconds;
            if (part.optimality_gap) {
                result.optimality_gap =
                    std::max(result.optimality_gap.value_or(0), *part.optimality_gap);
            }
        }
        return whole;
    }

    /// Removes what the ranks made, after the output got its name. The leader removes all shards: a
    /// rank that is killed now could not remove its own.
    void clear() {
        if (team_.leads()) remove_parts(target_, team_.ranks().size());
        shard_->journal().discard();
    }

    Run& run_;
    const Team& team_;
    RankRecorder& recording_;
    Phases& phases_ = recording_.phases();
    const std::string target_;
    const std::string folder_;
    const std::vector<Piece> pieces_;
    const Plan parts_;                             // an entry for each piece
    const std::vector<const PlanEntry*> entries_;  // of parts_
    std::unordered_map<const PlanEntry*, std::size_t> piece_of_;
    std::optional<GrowingOutput> shard_;  // of this rank
    NumberedResults results_;             // of all pieces
    std::vector<std::string> shards_;     // of all ranks
    std::optional<MergedFile> merged_;    // on the leader
};

}  // namespace

FinishedOutput execute_shared(Run& run, RankRecorder& recording) {
    auto shared = std::make_shared<SharedFile>(run, recording);
    FinishedOutput output = shared->execute();
    output.owner = std::move(shared);
    return output;
}

}  // namespace pal
