#include "pipeline/run/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/plan/cost.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/ranks/handout.hpp"
#include "pipeline/ranks/piece_source.hpp"
#include "pipeline/run/batch_summary.hpp"
#include "pipeline/run/growing_output.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::json;

void say_what_stays(const Run& run, std::size_t done) {
    if (done == 0) return;
    log_note(fmt::format(
        "{}: {} of {} files are done and stay; the same command with --resume does the rest",
        run.files.folder, done, run.file_count()));
}

/// Executes and publishes one file.
void run_file(Run& run, std::size_t file, const Speech& speech) {
    RankRecorder not_used(run.team.ranks(), false);
    FinishedOutput output = execute(run, file, not_used, speech);
    publish_output(run, output);
    output.published();
    output.phases->leave();
    if (run.arguments.flag("profile"))
        run.results[file].profile_table = output.timing.profile_table();
}

/// Prints what is known of a file that is done.
void say(const Run& run, std::size_t file) {
    std::cerr << run.results[file].profile_table;
    if (log_options().verbosity > Verbosity::kQuiet)
        print_when_done(table_of(run, file), run.target(file));
}

/// Does the files one after the other.
void run_in_order(Run& run) {
    std::size_t done = run.file_count() - run.to_do.size();
    try {
        for (const std::size_t f : run.to_do) {
            if (stop_requested()) throw Error(ErrorCode::kStopped, run.team.stopped());
            try {
                run_file(run, f, {});
            } catch (const JobFailed&) {
                if (!stop_requested())
                    log_error(run.input(f).path + ": failed, for the reasons above");
                throw;
            }
            say(run, f);
            ++done;
        }
    } catch (...) {
        say_what_stays(run, done);
        throw;
    }
}

/// Estimates the seconds of one processor for a file: its tensors, and copying the rest.
double estimated_seconds_of_file(const Plan& plan, const CheckpointInfo& info) {
    constexpr double kCopiedByte = 0.5e-9;
    double seconds = kCopiedByte * static_cast<double>(info.file_bytes);
    for (const PlanEntry* entry : plan.palettized()) seconds += estimated_seconds(*entry);
    return seconds;
}

/// Files that rank 0 hands out, the longest first.
class HandedOutFiles {
  public:
    explicit HandedOutFiles(Run& run) : run_(run), ranks_(run.team.ranks()) {
        for (const std::size_t f : run.to_do) {
            Piece piece;
            piece.entry = f;
            piece.seconds = estimated_seconds_of_file(run.plan(f), run.planned.infos[f]);
            pieces_.push_back(piece);
        }
        std::ranges::stable_sort(pieces_, std::ranges::greater{}, &Piece::seconds);
    }

    void execute() {
        if (!pieces_.empty() && pieces_.size() < ranks_.size()) {
            log_note(
                fmt::format("{} files for {} ranks: a file is the work of one rank, the others "
                            "have none; several work on a file that is given alone",
                            pieces_.size(), ranks_.size()));
        }
        std::uint64_t tensors = 0;
        std::uint64_t bytes = 0;
        for (const std::size_t f : run_.to_do) {
            const auto entries = run_.plan(f).palettized();
            tensors += entries.size();
            bytes += weight_bytes(entries);
        }
        Handout handout(pieces_, ranks_.size());
        Progress progress(tensors, bytes,
                          run_.team.leads() ? progress_on_stderr() : ProgressOutput{});
        if (run_.team.leads()) ranks_.serve(serve_pieces(handout, progress));
        PieceSource source(ranks_, nullptr);
        const StepResult result = result_of([&] { return do_what_comes(source, progress); });
        source.leave();
        if (run_.team.leads()) ranks_.finish_serving();
        say_what_stays_of_all(result.code != 0);
        take(run_.team.together([&] {
            if (result.code == 0) return results_of(source.order());
            throw Error(static_cast<ErrorCode>(result.code), result.text);
        }));
    }

  private:
    std::string do_what_comes(PieceSource& source, Progress& progress) {
        while (const auto piece = source.next()) {
            if (stop_requested()) throw Error(ErrorCode::kStopped, "");
            const std::size_t f = pieces_[*piece].entry;
            const std::string& path = run_.input(f).path;
            const auto entries = run_.plan(f).palettized();
            const std::uint64_t bytes = weight_bytes(entries);
            progress.begin(path);
            try {
                run_file(run_, f, {false, fmt::format("rank {}: {}: ", ranks_.rank(), path)});
            } catch (const JobFailed& failed) {
                throw Error(failed.code, "");
            }
            ++done_;
            source.done({entries.size(), bytes});
            if (run_.team.leads()) progress.end(bytes, entries.size());
        }
        return {};
    }

    /// Says, if a rank failed, how many files all ranks have done.
    void say_what_stays_of_all(bool failed) const {
        std::size_t done = run_.file_count() - run_.to_do.size();
        bool any_failed = false;
        for (const std::string& text : ranks_.all_gather(Json{failed, done_}.dump())) {
            const Json one = Json::parse(text);
            any_failed = any_failed || one.at(0).get<bool>();
            done += one.at(1).get<std::size_t>();
        }
        if (any_failed) say_what_stays(run_, done);
    }

    /// Returns pairs of a file's number and its result, as CBOR.
    [[nodiscard]] std::string results_of(const std::vector<std::size_t>& pieces) const {
        Json all = Json::array();
        for (const std::size_t piece : pieces) {
            const std::size_t f = pieces_[piece].entry;
            const std::string bytes = to_bytes(run_.results[f]);
            all.push_back({f, Json::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()))});
        }
        std::string bytes;
        Json::to_cbor(all, bytes);
        return bytes;
    }

    /// Takes the results of files that other ranks did.
    void take(const std::vector<std::string>& results) {
        for (std::size_t rank = 0; rank < results.size(); ++rank) {
            if (rank == ranks_.rank()) continue;
            for (const Json& file : Json::from_cbor(results[rank])) {
                const auto f = file.at(0).get<std::size_t>();
                const std::vector<std::uint8_t>& bytes = file.at(1).get_binary();
                run_.results[f] = file_result_from_bytes(std::string(bytes.begin(), bytes.end()));
                apply_result(run_.plan(f), run_.results[f]);
            }
        }
    }

    Run& run_;
    Ranks& ranks_;
    std::vector<Piece> pieces_;  // a file each
    std::size_t done_ = 0;       // files that this rank has done
};

}  // namespace

void run_batch(Run& run, std::optional<Publication>& publication) {
    if (run.team.is_alone()) {
        run_in_order(run);
    } else {
        HandedOutFiles(run).execute();
    }
    run.team.lead([&] {
        publication->publish_batch(run);
        std::string tables;
        for (const std::size_t f : run.to_do) {
            if (run.team.is_alone()) break;  // each was printed when it was done
            std::cerr << run.results[f].profile_table;
            tables += table_of(run, f);
        }
        if (log_options().verbosity > Verbosity::kQuiet) {
            print_when_done(tables + files_total(file_reports(run), summary_of(run)),
                            run.files.folder);
        }
    });
}

}  // namespace pal
