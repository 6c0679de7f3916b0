#include "pipeline/run/run.hpp"

#include <iostream>
#include <optional>

#include "io/files/paths.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/profile/rank_recorder.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/run/batch.hpp"
#include "pipeline/run/execute.hpp"
#include "pipeline/run/prepare.hpp"
#include "pipeline/run/publish.hpp"
#include "pipeline/run/team.hpp"

namespace pal {

namespace {

/// Executes and publishes the only file of a run.
void run_one(Run& run, std::optional<Publication>& publication, RankRecorder& recording) {
    const Team& team = run.team;
    FinishedOutput output = execute(run, 0, recording);
    team.lead(
        [&] {
            if (output.merge) output.merge(output);
            publication->publish(run, output);
            output.published();
        },
        &recording.phases());
    if (!team.leads()) return output.published();
    recording.phases().leave();
    if (run.arguments.flag("profile")) {
        std::cerr << recording.profile_table(run.start, threads_from(run.arguments));
    }
    if (log_options().verbosity > Verbosity::kQuiet)
        print_when_done(report_table(run.plan(0), &run.results[0]), run.target(0));
}

void run_all(const Arguments& arguments, const Team& team) {
    const bool records = wants_recording(arguments) && !has_several_inputs(arguments);
    RankRecorder recording(team.ranks(), records);
    Run run = prepare(arguments, team, recording.phases());
    if (!team.is_alone()) recording.begin();
    std::optional<Publication> publication;
    team.lead([&] { publication.emplace(run); }, &recording.phases());
    if (run.is_batch && !run.was_published) return run_batch(run, publication);
    if (!run.to_do.empty()) run_one(run, publication, recording);
}

}  // namespace

int run(const Arguments& arguments, Ranks& ranks) {
    const Arguments own = arguments_of_rank(arguments, ranks);
    const std::string& output = own.positionals.back();
    const Team team(ranks,
                    stopped_message(has_several_inputs(own) ? output : behind_links(output)));
    stop_on_signals(team.stopped());
    return exit_code_of(ranks, [&] { run_all(own, team); });
}

}  // namespace pal
