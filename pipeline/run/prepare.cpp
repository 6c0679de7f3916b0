#include "pipeline/run/prepare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "configs/write/config_json.hpp"
#include "io/files/paths.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/machine/slurm.hpp"
#include "pipeline/merge/open_shards.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "pipeline/record/run_identity.hpp"
#include "pipeline/report/dense_note.hpp"
#include "pipeline/run/publish.hpp"
#include "pipeline/run/resume.hpp"
#include "pipeline/run/scan_inputs.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::optional<ShardChoice> shard_from(const Arguments& arguments) {
    if (!arguments.has("shard")) return std::nullopt;
    if (arguments.text("shard") != "slurm") return parse_shard(arguments.text("shard"));
    if (const auto task = array_task_from_slurm(own_environment()))
        return ShardChoice{task->number, task->count};
    throw Error(ErrorCode::kUsage,
                "--shard slurm: SLURM_ARRAY_TASK_ID is not set, this is no task of an array job; "
                "give I/N, as --shard 0/8");
}

/// The output folder of a batch is the last word.
Files files_of(const Arguments& arguments, bool is_batch) {
    const std::vector<std::string>& words = arguments.positionals;
    if (!is_batch) return {{{{words[0], words[0]}}, {}}, ""};
    return {find_inputs({words.begin(), words.end() - 1}, words.back(),
                        arguments.flag("follow-external")),
            words.back()};
}

std::vector<std::string> names_of(const std::vector<InputFile>& files) {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const InputFile& file : files) names.push_back(file.name);
    return names;
}

std::vector<CheckpointInfo> scan(Run& run) {
    if (run.is_batch) return scan_files(run.files.inputs, run.arguments);
    OpenInput input = open_input(run.arguments.positionals[0], run.arguments);
    run.reader = std::move(input.reader);
    return {std::move(input.info)};
}

void plan(Run& run, std::vector<CheckpointInfo> infos, Config config) {
    for (const CheckpointInfo& info : infos) {
        if (!info.unsupported.empty())
            throw Error(ErrorCode::kInput, info.file + ": " + info.unsupported);
    }
    run.planned = plan_files(run.files.inputs, std::move(infos), std::move(config), run.arguments);
    run.results.resize(run.file_count());
    if (!run.is_batch) {  // a report of one file has all warnings in one list
        std::vector<std::string>& all = run.planned.plans.warnings;
        std::ranges::move(run.plan(0).warnings, std::back_inserter(all));
        run.plan(0).warnings = std::exchange(all, {});
    }
    if (!run.is_batch) leave_nonfinite_dense(run, 0, *run.reader);
    for (std::size_t f = 0; f < run.file_count(); ++f) {
        if (run.planned.sensitivities) require_valid(*run.planned.sensitivities, run.plan(f));
        if (run.resumes) require_resumable(run.plan(f));
        run.identities.push_back(identity_of_file(run, f, run.planned.infos[f]));
        // Non-finite tensors of a batch are found when its file is worked on.
        if (run.is_batch && skips_nonfinite(run.arguments))
            run.identities.back().config += " without those that are not finite";
    }
}

/// Keeps the outputs of a batch that an earlier run has finished, by their notes.
void find_finished(Run& run) {
    for (std::size_t f = 0; f < run.file_count(); ++f) {
        const std::string* const result =
            run.is_batch && run.resumes ? run.notes->result_of(run.input(f).name, run.identities[f])
                                        : nullptr;
        if (result == nullptr) {
            run.to_do.push_back(f);
            continue;
        }
        run.results[f] = file_result_from_bytes(*result);
        run.results[f].kept = true;
        apply_result(run.plan(f), run.results[f]);
    }
    if (const std::size_t kept = run.file_count() - run.to_do.size(); kept > 0) {
        log_note(fmt::format("{} of {} files were done by an earlier run", kept, run.file_count()));
    }
}

/// Leaves everything as it is if a run of the same command made it, which was killed when it was
/// done.
void find_published(Run& run) {
    const std::vector<std::string> asked = Publication::asked_for(run.arguments);
    const auto identity = [&] { return identity_of_file(run, 0, run.planned.infos[0]); };
    run.was_published =
        run.is_batch ? run.notes->are_all_done(run.identities, asked)
                     : !run.to_do.empty() && pal::was_published(run.target(0), identity(), asked);
    if (!run.was_published) return;
    log_note((run.is_batch ? run.files.folder : run.target(0)) +
             ": was done by an earlier run; it stays");
    run.to_do.clear();
}

void check_outputs(const Run& run) {
    if (run.is_batch) {
        pal::check_outputs(run.files, run.arguments, run.to_do,
                           run.to_do.size() < run.file_count());
    } else if (!run.to_do.empty()) {
        check_output(run.arguments);
    }
}

/// Cuts the plan down to the part that --shard asks for. A part that an earlier run made, with the
/// same record and undamaged, may stay unless a report was asked for.
void choose_shard(Run& run) {
    const auto choice = shard_from(run.arguments);
    if (!choice) return;
    run.shard = shard_record_of(run, *choice);
    if (run.resumes && !Publication::is_asked_for(run.arguments) &&
        is_that_shard(run.target(0), *run.shard)) {
        log_note(fmt::format("{}: is part {} of {} of the same run; it stays", run.target(0),
                             choice->part, choice->parts));
        run.to_do.clear();
        return;
    }
    const Plan& whole = run.plan(0);
    run.plan(0) = plan_of_pieces(whole, balanced_parts(whole, choice->parts)[choice->part]);
    if (run.plan(0).entries.empty()) {
        log_note(fmt::format("--shard {}/{}: there is less work than parts; this one has none",
                             choice->part, choice->parts));
    }
}

void warn(const Run& run) {
    for (const std::string& warning : run.planned.plans.warnings) log_warning(warning);
    for (std::size_t f = 0; f < run.file_count(); ++f) {
        for (const std::string& warning : run.plan(f).warnings)
            log_warning(run.is_batch ? run.planned.infos[f].file + ": " + warning : warning);
    }
}

/// Refuses a run that would palettize nothing: its output would be a plain copy.
void require_some_work(const Run& run) {
    std::string reasons;
    for (std::size_t f = 0; f < run.file_count(); ++f) {
        const Plan& plan = run.plan(f);
        if (!plan.palettized().empty() || run.results[f].kept) return;
        for (const PlanEntry* entry : largest_dense(plan))
            reasons += "; " + entry->dataset->path + ": " + entry->reason;
    }
    throw Error(ErrorCode::kUsage, "nothing would be palettized, so nothing was written" + reasons);
}

/// Returns a text that all ranks of a job must agree on.
std::string identity_of(const Run& run) {
    Fingerprint all;
    for (const RunIdentity& file : run.identities)
        all.add(file.input + "\n" + file.config + "\n" + file.version + "\n");
    for (std::size_t f = 0; f < run.file_count(); ++f) all.add(run.target(f) + "\n");
    for (const std::size_t f : run.to_do) all.add(std::to_string(f) + "\n");
    return all.text() + (wants_recording(run.arguments) ? "\nrecorded" : "");
}

void prepare_alike(Run& run, Phases& phases) {
    Publication::refuse_unsupported(run);
    run.budget_bytes = memory_from(run.arguments);
    Config config = config_from(run.arguments);
    (void)plan_options_from(run.arguments);  // bad options are refused before anything is read
    (void)skips_nonfinite(run.arguments);
    run.files = files_of(run.arguments, run.is_batch);
    if (run.team.leads()) log_skipped(run.files.inputs);
    Publication::check_early(run);
    if (run.is_batch) run.notes.emplace(run.files.folder, names_of(run.files.inputs.files));
    phases.enter("scan", Activity::kReading);
    std::vector<CheckpointInfo> infos = scan(run);
    phases.enter("plan", Activity::kComputing);
    plan(run, std::move(infos), std::move(config));
    find_finished(run);
    warn(run);
    require_some_work(run);
    choose_shard(run);
    find_published(run);
    check_outputs(run);
}

}  // namespace

std::string Run::target(std::size_t f) const {
    return behind_links(is_batch ? files.target(input(f).name) : arguments.positionals[1]);
}

Arguments Run::arguments_of(std::size_t f) const {
    return is_batch ? with_files(arguments, input(f).path, files.target(input(f).name)) : arguments;
}

Run prepare(const Arguments& arguments, const Team& team, Phases& phases) {
    Run run{arguments, team, has_several_inputs(arguments), arguments.flag("resume")};
    team.require_alike(team.together(
        [&] {
            prepare_alike(run, phases);
            return identity_of(run);
        },
        &phases));
    return run;
}

void leave_nonfinite_dense(Run& run, std::size_t file, const CheckpointReader& reader) {
    if (!skips_nonfinite(run.arguments)) return;
    Plan& plan = run.plan(file);
    for (const std::size_t entry : skip_nonfinite(plan, reader))
        run.results[file].left_dense.push_back({entry, plan.entries[entry].reason});
}

RunIdentity identity_of_file(const Run& run, std::size_t file, const CheckpointInfo& info) {
    RunIdentity identity = identity_of(run.plan(file), info, run.input(file).path,
                                       config_to_json(run.planned.config), run.sensitivities());
    if (const auto& shard = run.shard)
        identity.config += fmt::format(" shard {}/{}", shard->choice.part, shard->choice.parts);
    return identity;
}

ShardRecord shard_record_of(const Run& run, const ShardChoice& choice) {
    Fingerprint plan_identity;
    plan_identity.add(run.identities[0].config);
    return {choice, run.plan(0).palettized().size(),
            std::filesystem::absolute(run.arguments.positionals[0]).string(),
            run.identities[0].input, plan_identity.text()};
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

}  // namespace pal
