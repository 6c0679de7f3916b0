// run: palettizes a checkpoint, or a part of one; run_many and run_ranks have its other forms.
#include <fmt/format.h>

#include <optional>

#include "io/guard/last_wish.hpp"
#include "io/write/journal.hpp"
#include "pipeline/cli/command.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/machine/slurm.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "pipeline/profile/trace.hpp"
#include "pipeline/run/merge.hpp"
#include "pipeline/run/rank_files.hpp"
#include "pipeline/run/resume.hpp"
#include "pipeline/run/run_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::optional<ShardChoice> shard_from(const Arguments& arguments) {
    if (!arguments.has("shard")) return std::nullopt;
    if (arguments.text("shard") != "slurm") return parse_shard(arguments.text("shard"));
    if (const auto shard = shard_from_slurm(own_environment())) return shard;
    throw Error(ErrorCode::kUsage,
                "--shard slurm: SLURM_ARRAY_TASK_ID is not set, this is no task of an array job; "
                "give I/N, as --shard 0/8");
}

/// Whether a part that lies there may stay. A report would be of the work that was not done.
bool may_be_kept(const Arguments& arguments) {
    return arguments.has("shard") && arguments.flag("resume") && !arguments.has("report") &&
           !arguments.has("report-html") && !arguments.has("trace");
}

Plan part_of(const Plan& whole, const ShardChoice& shard) {
    Plan part = plan_of_pieces(whole, balanced_parts(whole, shard.parts)[shard.part]);
    if (part.entries.empty()) {
        log_note(fmt::format("--shard {}/{}: there is less work than parts; this one has none",
                             shard.part, shard.parts));
    }
    return part;
}

int execute_run(const Arguments& arguments) {
    Ranks ranks;
    const bool several = has_several_inputs(arguments);
    if (ranks.size() > 1) {
        return several ? execute_run_of_several_by_ranks(arguments, ranks)
                       : execute_run_of_ranks(arguments, ranks);
    }
    if (several) return execute_run_of_several(arguments);
    const auto start = Clock::now();
    const std::string target = behind_links(arguments.positionals[1]);
    const std::string stopped = stopped_message(target);
    stop_on_signals(stopped);
    std::optional<Recorder> recording;
    if (wants_recording(arguments)) recording.emplace();
    Recorder* const recorder = recording ? &*recording : nullptr;
    Phases phases(recorder);
    const Config config = config_from(arguments);
    PlanOptions options = plan_options_from(arguments);
    const std::uint64_t budget_bytes = memory_from(arguments);
    (void)skips_nonfinite(arguments);  // refused, where it is, before anything is read

    phases.enter("scan", Activity::kReading);
    const CheckpointReader reader(arguments.positionals[0], read_options_from(arguments));
    const auto sensitivities = sensitivities_from(arguments);
    if (sensitivities) options.sensitivities = &sensitivities->info();
    phases.enter("plan", Activity::kComputing);
    const bool look_for_part = may_be_kept(arguments);
    if (!look_for_part) check_output(arguments);
    Reports reports(arguments);
    Plan plan = executable_plan(arguments, config, options, reader);
    if (sensitivities) require_valid(*sensitivities, plan);
    clear_other_jobs(target, 1, arguments.flag("resume"));
    std::optional<ShardRecord> shard;
    if (const auto chosen = shard_from(arguments)) {
        const ShardChoice choice = *chosen;
        shard = record_of(choice, plan,
                          identity_of(plan, reader.info(), arguments.positionals[0],
                                      config_to_json(config), options.sensitivities),
                          arguments.positionals[0]);
        if (look_for_part && is_that_shard(target, *shard)) {
            log_note(fmt::format("{}: is part {} of {} of the same run; it stays", target,
                                 choice.part, choice.parts));
            // A run that was killed when the part had its name left its journal.
            remove_journal(target);
            return 0;
        }
        plan = part_of(plan, choice);
    }
    if (look_for_part) check_output(arguments);

    const Work work{reader, sensitivities.get(), recorder, wants_details(arguments), budget_bytes};
    return run_file({arguments, target, config, plan, work, phases, start, stopped, "", shard},
                    [&](CheckpointWriter& writer, const std::string&, const RunFacts& facts) {
                        reports.write(arguments, plan, facts,
                                      [&] { return trace_json(recorder->slices()); });
                        phases.enter("publish", Activity::kWriting);
                        reports.publish(writer);
                    });
}

}  // namespace

Command run_command() {
    return {"run",
            "IN... OUT",
            "palettizes checkpoints",
            "h5palettize run model.h5 model.w4.h5 --preset w4 --report model.json",
            2,
            kAnyNumber,
            [] {
                po::options_description options = palettize_options();
                options.add(trust_options())
                    .add(certify_option())
                    .add(shard_option())
                    .add(thread_options())
                    .add(recording_options())
                    .add(page_options())
                    .add(run_output_options());
                return options;
            },
            execute_run};
}

}  // namespace pal
