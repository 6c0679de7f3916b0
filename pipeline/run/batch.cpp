#include "pipeline/run/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/plan/cost.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/run/execute.hpp"
#include "pipeline/run/growing_output.hpp"
#include "pipeline/run/piece_source.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

void say_what_stays(const Run& run, std::size_t done) {
    if (done == 0) return;
    log_note(fmt::format(
        "{}: {} of {} files are done and stay; the same command with --resume does the rest",
        run.files.folder, done, run.file_count()));
}

/// Returns the table of one file, under its name.
std::string table_of(const Run& run, std::size_t file) {
    return printable(run.input(file).name) + ":\n" +
           report_table(run.plan(file), &run.results[file]);
}

/// Executes and publishes one file. before_errors: empty for a process that is alone.
void run_file(Run& run, std::size_t file, const std::string& before_errors) {
    const Ranks alone;  // each file is recorded by the process that does it
    RankRecorder recording(alone, wants_recording(run.arguments));
    FinishedOutput output = execute(run, file, recording, !before_errors.empty(), before_errors);
    publish_output(run, output);
    output.published();
    recording.phases().leave();
    if (run.arguments.flag("profile")) {
        run.results[file].profile_table =
            recording.profile_table(run.start_of_file, threads_from(run.arguments));
    }
}

/// Does the files one after the other, and prints each when it is done.
void run_in_order(Run& run) {
    std::size_t done = run.file_count() - run.to_do.size();
    try {
        for (const std::size_t f : run.to_do) {
            if (stop_requested()) throw Error(ErrorCode::kStopped, run.team.stopped());
            run_file(run, f, "");
            ++done;
            std::cerr << run.results[f].profile_table;
            if (log_options().verbosity > Verbosity::kQuiet)
                print_when_done(table_of(run, f), run.target(f));
        }
    } catch (const JobFailed&) {
        if (!stop_requested()) {
            const std::size_t next = run.to_do[run.to_do.size() - (run.file_count() - done)];
            log_error(run.input(next).path + ": failed, for the reasons above");
        }
        say_what_stays(run, done);
        throw;
    } catch (const Error&) {
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

/// Returns a piece for each file that is to do, the longest first.
std::vector<Piece> pieces_of(const Run& run) {
    std::vector<Piece> pieces;
    for (const std::size_t f : run.to_do) {
        pieces.push_back(
            {f, std::nullopt, estimated_seconds_of_file(run.plan(f), run.planned.infos[f])});
    }
    std::ranges::stable_sort(pieces, std::ranges::greater{}, &Piece::seconds);
    return pieces;
}

/// Does the files that come from `source`. Returns their results; `done` counts them.
NumberedResults do_what_comes(Run& run, const std::vector<Piece>& pieces, PieceSource& source,
                              Progress& progress, std::size_t& done) {
    NumberedResults results;
    while (const auto piece = source.next()) {
        if (stop_requested()) throw Error(ErrorCode::kStopped, "");
        const std::size_t f = pieces[*piece].entry;
        const std::string& path = run.input(f).path;
        const auto entries = run.plan(f).palettized();
        const std::uint64_t bytes = weight_bytes(entries);
        progress.begin(path);
        try {
            run_file(run, f, fmt::format("rank {}: {}: ", run.team.ranks().rank(), path));
        } catch (const JobFailed& failed) {
            throw Error(failed.code, "");
        }
        ++done;
        source.done({entries.size(), bytes});
        if (run.team.leads()) progress.end(bytes, entries.size());
        results.emplace_back(f, to_bytes(run.results[f]));
    }
    return results;
}

/// Hands the files out to the ranks of the job, and takes the results of all.
void run_by_ranks(Run& run) {
    Ranks& ranks = run.team.ranks();
    const std::vector<Piece> pieces = pieces_of(run);
    if (!pieces.empty() && pieces.size() < ranks.size()) {
        log_note(
            fmt::format("{} files for {} ranks: a file is the work of one rank, the others "
                        "have none; several work on a file that is given alone",
                        pieces.size(), ranks.size()));
    }
    std::uint64_t tensors = 0;
    std::uint64_t bytes = 0;
    for (const std::size_t f : run.to_do) {
        tensors += run.plan(f).palettized().size();
        bytes += weight_bytes(run.plan(f).palettized());
    }
    Handout handout(pieces, ranks.size());
    Progress progress(tensors, bytes, run.team.leads() ? progress_on_stderr() : ProgressOutput{});
    std::size_t done = 0;
    try {
        for (const auto& [f, result] :
             hand_out(run.team, handout, progress, nullptr, nullptr, [&](PieceSource& source) {
                 return do_what_comes(run, pieces, source, progress, done);
             })) {
            const bool is_own =
                !run.results[f].tensors.empty() || run.results[f].file_bytes_out > 0;
            if (is_own) continue;
            run.results[f] = file_result_from_bytes(result);
            apply_result(run.plan(f), run.results[f]);
        }
    } catch (const JobFailed&) {  // on all ranks
        std::size_t all_done = run.file_count() - run.to_do.size();
        for (const std::string& text : ranks.all_gather(std::to_string(done)))
            all_done += std::stoul(text);
        say_what_stays(run, all_done);
        throw;
    }
}

}  // namespace

void run_batch(Run& run, std::optional<Publication>& publication) {
    run.team.is_alone() ? run_in_order(run) : run_by_ranks(run);
    run.team.lead([&] {
        const FilesSummary summary = publication->publish_batch(run);
        std::string tables;
        for (const std::size_t f : run.to_do) {
            if (run.team.is_alone()) break;  // each was printed when it was done
            std::cerr << run.results[f].profile_table;
            tables += table_of(run, f);
        }
        if (log_options().verbosity > Verbosity::kQuiet)
            print_when_done(tables + files_total(file_reports(run), summary), run.files.folder);
    });
}

}  // namespace pal
