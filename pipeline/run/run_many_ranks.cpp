// run with several inputs, by several ranks of one job: each file is the work of one rank, handed
// out by rank 0, which writes the reports and the indexes when all files are there.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/plan/cost.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/ranks/handout.hpp"
#include "pipeline/ranks/piece_source.hpp"
#include "pipeline/run/job.hpp"
#include "pipeline/run/run_many.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// Of one processor: its tensors, and copying the rest.
double estimated_seconds_of_file(const Plan& plan, const CheckpointInfo& info) {
    constexpr double kCopiedByte = 0.5e-9;
    double seconds = kCopiedByte * static_cast<double>(info.file_bytes);
    for (const PlanEntry* entry : plan.palettized()) seconds += estimated_seconds(*entry);
    return seconds;
}

class RanksManyRun {
  public:
    RanksManyRun(const Arguments& arguments, Ranks& ranks)
        : arguments_(arguments),
          ranks_(ranks),
          stopped_(stopped_message(arguments.positionals.back())) {}

    void run() {
        stop_on_signals(stopped_);
        require_alike(ranks_, stopped_, together([&] { return prepare(); }));
        together([&] {
            if (ranks_.rank() == 0) run_->begin();
            return std::string();
        });
        take(do_files());
        together([&] {
            if (ranks_.rank() == 0) run_->finish();
            return std::string();
        });
    }

  private:
    std::vector<std::string> together(const std::function<std::string()>& step) const {
        return take_step(ranks_, stopped_, step);
    }

    /// Returns what tells the run from others.
    std::string prepare() {
        refuse_for_several(arguments_);
        refuse_for_ranks(arguments_);
        run_.emplace(arguments_);
        run_->plan();
        pieces_ = pieces_by_seconds();
        if (!pieces_.empty() && pieces_.size() < ranks_.size()) {
            log_note(
                fmt::format("{} files for {} ranks: a file is the work of one rank, the others "
                            "have none; several work on a file that is given alone",
                            pieces_.size(), ranks_.size()));
        }
        return run_->identity() + (wants_recording(arguments_) ? "\nrecorded" : "");
    }

    [[nodiscard]] std::vector<Piece> pieces_by_seconds() const {
        std::vector<Piece> pieces;
        for (const std::size_t f : run_->to_do()) {
            Piece piece;
            piece.entry = f;
            piece.seconds = estimated_seconds_of_file(run_->plan_of(f), run_->info_of(f));
            pieces.push_back(piece);
        }
        std::ranges::stable_sort(pieces, std::ranges::greater{}, &Piece::seconds);
        return pieces;
    }

    /// Returns what each rank has to say of the files that it did.
    std::vector<std::string> do_files() {
        std::uint64_t tensors = 0;
        std::uint64_t bytes = 0;
        for (const Piece& piece : pieces_) {
            const auto entries = run_->plan_of(piece.entry).palettized();
            tensors += entries.size();
            bytes += weight_bytes(entries);
        }
        Handout handout(pieces_, ranks_.size());
        Progress progress(tensors, bytes,
                          ranks_.rank() == 0 ? progress_on_stderr() : ProgressOutput{});
        if (ranks_.rank() == 0) ranks_.serve(serve_pieces(handout, progress));
        PieceSource source(ranks_, nullptr);
        const StepResult result = result_of([&] { return do_what_comes(source, progress); });
        source.leave();
        if (ranks_.rank() == 0) ranks_.finish_serving();
        say_what_stays(result.code != 0);
        return together([&] {
            if (result.code == 0) return said_of(source.order());
            throw Error(static_cast<ErrorCode>(result.code), result.text);
        });
    }

    std::string do_what_comes(PieceSource& source, Progress& progress) {
        while (const auto piece = source.next()) {
            if (stop_requested()) throw Error(ErrorCode::kStopped, "");
            const std::size_t f = pieces_[*piece].entry;
            const std::string& name = run_->files()[f].path;
            progress.begin(name);
            const std::string before = fmt::format("rank {}: {}: ", ranks_.rank(), name);
            const int code = run_->run_one(f, {false, before});
            if (code != 0) throw Error(static_cast<ErrorCode>(code), "");
            ++done_;
            const auto entries = run_->plan_of(f).palettized();
            const std::uint64_t bytes = weight_bytes(entries);
            source.done({entries.size(), bytes});
            if (ranks_.rank() == 0) progress.end(bytes, entries.size());
        }
        return {};
    }

    /// Where a rank failed, of what all of them did.
    void say_what_stays(bool failed) const {
        std::size_t done = run_->files().size() - run_->to_do().size();
        bool any_failed = false;
        for (const std::string& text : ranks_.all_gather(Json{failed, done_}.dump())) {
            const Json one = Json::parse(text);
            any_failed = any_failed || one.at(0).get<bool>();
            done += one.at(1).get<std::size_t>();
        }
        if (any_failed) run_->say_what_stays(done);
    }

    [[nodiscard]] std::string said_of(const std::vector<std::size_t>& pieces) const {
        Json all = Json::array();
        for (const std::size_t piece : pieces) {
            const std::size_t f = pieces_[piece].entry;
            const ManyRun::Said& said = run_->said_of(f);
            all.push_back({f, run_->report_of(f), said.table, said.profile});
        }
        return all.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    void take(const std::vector<std::string>& said) {
        for (const std::string& text : said) {
            for (const Json& file : Json::parse(text)) {
                run_->take(file.at(0), file.at(1), {file.at(2), file.at(3)});
            }
        }
    }

    const Arguments& arguments_;
    Ranks& ranks_;
    const std::string stopped_;
    std::optional<ManyRun> run_;
    std::vector<Piece> pieces_;  // a file each, the longest first
    std::size_t done_ = 0;       // by this rank
};

}  // namespace

int execute_run_of_several_by_ranks(const Arguments& arguments, Ranks& ranks) {
    const Arguments own = arguments_of_rank(arguments, ranks);
    return run_job(ranks, [&] { RanksManyRun(own, ranks).run(); });
}

}  // namespace pal
