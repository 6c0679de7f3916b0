// run with several inputs: all is planned before anything is written; then one file after the
// other, each whole or not at all, and the indexes when all files are there.
#include "pipeline/run/run_many.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <numeric>
#include <utility>

#include "io/files/temporary.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/inputs/index_text.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "pipeline/profile/profile.hpp"
#include "pipeline/run/resume.hpp"

namespace pal {

namespace {

/// Bytes of datasets that are no tensors.
std::uint64_t other_bytes(const CheckpointInfo& info) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.dtype ? 0 : dataset.bytes;
    return bytes;
}

/// The folder is the last word.
Files files_of(const Arguments& arguments) {
    const std::string& folder = arguments.positionals.back();
    const std::vector<std::string> words(arguments.positionals.begin(),
                                         arguments.positionals.end() - 1);
    return {find_inputs(words, folder), folder};
}

std::vector<std::string> names_of(const std::vector<InputFile>& files) {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const InputFile& file : files) names.push_back(file.name);
    return names;
}

/// Without what would make it large.
std::string report_to_keep(const Plan& plan, const RunFacts& facts) {
    RunFacts short_facts = facts;
    short_facts.described = false;
    short_facts.profile.reset();
    return report_json(plan, &short_facts);
}

/// Returns the exit code.
int run_one_after_the_other(ManyRun& run) {
    std::size_t done = run.files().size() - run.to_do().size();
    for (const std::size_t f : run.to_do()) {
        int code = 0;
        try {
            if (stop_requested()) throw Error(ErrorCode::kStopped, run.stopped());
            code = run.run_one(f);
        } catch (const Error&) {
            run.say_what_stays(done);
            throw;
        }
        if (code != 0) {
            if (!stop_requested())
                log_error(run.files()[f].path + ": failed, for the reasons above");
            run.say_what_stays(done);
            return code;
        }
        ++done;
    }
    return 0;
}

}  // namespace

MadeFolders::~MadeFolders() {
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
}

void MadeFolders::make(const std::string& folder, const std::string& top) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return;
    if (folder.size() > top.size()) make(folder_of(folder), top);
    const bool is_new = std::filesystem::create_directory(folder, error);
    if (error) throw Error(ErrorCode::kOutput, folder + ": cannot be made: " + error.message());
    if (is_new) made_.push_back(folder);  // else another run has made it meanwhile
}

ManyRun::ManyRun(const Arguments& arguments)
    : arguments_(arguments),
      files_(files_of(arguments)),
      stopped_(stopped_message(files_.folder)),
      finished_(files_.folder, names_of(files_.inputs.files)),
      resumes_(arguments.flag("resume")),
      skips_(skips_nonfinite(arguments)),
      budget_bytes_(memory_from(arguments)),
      reports_(files_.inputs.files.size()),
      said_(files_.inputs.files.size()) {}

void ManyRun::plan() {
    Config config = config_from(arguments_);
    (void)plan_options_from(arguments_);  // refused, where they are, before anything is read
    std::vector<CheckpointInfo> infos = scan_files(files_.inputs, arguments_);
    planned_ = plan_files(files_.inputs, std::move(infos), std::move(config), arguments_);
    for (const CheckpointInfo& info : planned_.infos) {
        if (!info.unsupported.empty())
            throw Error(ErrorCode::kInput, info.file + ": " + info.unsupported);
    }
    for (std::size_t f = 0; f < planned_.infos.size(); ++f) {
        const Plan& plan = planned_.plans.files[f];
        if (planned_.sensitivities) require_valid(*planned_.sensitivities, plan);
        if (resumes_) require_resumable(plan);
        identities_.push_back(identity_of_file(f, planned_.infos[f]));
    }
    find_finished();
    check_outputs(files_, arguments_, to_do_, any_kept());
    warn();
}

void ManyRun::begin() {
    folders_.make(files_.folder, files_.folder);
    for (const std::size_t f : to_do_)
        folders_.make(folder_of(files_.target(files_.inputs.files[f].name)), files_.folder);
    for (const IndexFile& index : files_.inputs.indexes)
        folders_.make(folder_of(files_.target(index.name)), files_.folder);
    Arguments own = with_others(arguments_, files_);
    // Where nothing is left to do a report that lies there is of the run that was killed after it.
    if (to_do_.empty()) own.values.at("force") = po::variable_value(true, false);
    beside_.emplace(own);
    remove_journals_of_kept();
}

void ManyRun::find_finished() {
    for (std::size_t f = 0; f < reports_.size(); ++f) {
        const InputFile& file = files_.inputs.files[f];
        const std::string* const report =
            resumes_ ? finished_.report_of(file.name, identities_[f]) : nullptr;
        if (report == nullptr) {
            to_do_.push_back(f);
            continue;
        }
        reports_[f] = file_report(file, *report, true);
    }
    const std::size_t kept = reports_.size() - to_do_.size();
    if (kept > 0) {
        log_note(fmt::format("{} of {} files were done by an earlier run", kept, reports_.size()));
    }
}

void ManyRun::warn() const {
    for (const std::string& warning : planned_.plans.warnings) log_warning(warning);
    bool any = false;
    for (std::size_t f = 0; f < planned_.infos.size(); ++f) {
        const Plan& plan = planned_.plans.files[f];
        for (const std::string& warning : plan.warnings)
            log_warning(planned_.infos[f].file + ": " + warning);
        any = any || !plan.palettized().empty();
    }
    if (!any) {
        log_warning(
            "no selected tensor fits its spec: the outputs are plain copies; the tables say "
            "why");
    }
}

/// Of a file as `info` says it is; of its plan before tensors with NaN are left out.
RunIdentity ManyRun::identity_of_file(std::size_t f, const CheckpointInfo& info) const {
    RunIdentity identity =
        identity_of(planned_.plans.files[f], info, info.file, config_to_json(planned_.config),
                    planned_.options.sensitivities);
    if (skips_) identity.config += " without those that are not finite";
    return identity;
}

std::string ManyRun::identity() const {
    Fingerprint all;
    for (const RunIdentity& file : identities_)
        all.add(file.input + "\n" + file.config + "\n" + file.version + "\n");
    for (const InputFile& file : files()) all.add(file.name + "\n");
    for (const std::size_t f : to_do_) all.add(std::to_string(f) + "\n");
    return all.text() + "\n" + files_.folder;
}

/// A run that was killed when the output had its name left its journal.
void ManyRun::remove_journals_of_kept() const {
    for (std::size_t f = 0; f < reports_.size(); ++f) {
        if (reports_[f].kept)
            remove_journal(behind_links(files_.target(files_.inputs.files[f].name)));
    }
}

bool ManyRun::any_kept() const { return to_do_.size() < reports_.size(); }

void ManyRun::say_what_stays(std::size_t done) const {
    if (done == 0) return;
    log_note(fmt::format(
        "{}: {} of {} files are done and stay; the same command with --resume does the rest",
        files_.folder, done, reports_.size()));
}

int ManyRun::run_one(std::size_t f, const Speech& speech) {
    const auto start = Clock::now();
    const InputFile& file = files_.inputs.files[f];
    const Arguments arguments = with_files(arguments_, file.path, files_.target(file.name));
    const std::string target = behind_links(arguments.positionals[1]);
    std::optional<Recorder> recording;
    if (wants_recording(arguments)) recording.emplace();
    Recorder* const recorder = recording ? &*recording : nullptr;
    Phases phases(recorder);
    phases.enter("scan", Activity::kReading);
    const CheckpointReader reader(file.path, read_options_from(arguments));
    const RunIdentity now = identity_of_file(f, reader.info());
    if (now.input != identities_[f].input)
        throw Error(ErrorCode::kInput, file.path + ": was changed since it was planned");
    Plan& plan = planned_.plans.files[f];
    if (skips_) skip_nonfinite(plan, reader);
    const std::string heading = printable(file.name) + ":\n";
    const Work work{reader, planned_.sensitivities.get(), recorder, wants_details(arguments),
                    budget_bytes_};
    const auto publish = [&](CheckpointWriter& writer, const std::string& part,
                             const RunFacts& facts) {
        reports_[f] = file_report(file, report_json(plan, &facts));
        if (!speech.of_progress) said_[f].table = heading + report_table(plan, &facts);
        try {
            finished_.add(file.name, identities_[f], part, report_to_keep(plan, facts));
            phases.enter("publish", Activity::kWriting);
            writer.publish();
        } catch (const Error&) {
            finished_.take_back(file.name);
            throw;
        }
    };
    const FileRun run{arguments, target,   planned_.config, plan, work,  phases,
                      start,     stopped_, heading,         {},   speech};
    const int code = run_file(run, publish);
    if (code == 0 && !speech.of_progress && arguments.flag("profile")) {
        said_[f].profile = profile_table(
            make_profile(recorder->slices(), seconds_since(start), threads_from(arguments)));
    }
    return code;
}

void ManyRun::write_indexes() const {
    const bool force = arguments_.flag("force") || any_kept();
    for (const IndexFile& index : files_.inputs.indexes) {
        const auto add = [&](std::uint64_t sum, std::size_t f) {
            return sum + stored_bytes_of(reports_[f]) + other_bytes(planned_.infos[f]);
        };
        const std::uint64_t bytes =
            std::accumulate(index.files.begin(), index.files.end(), std::uint64_t{0}, add);
        TemporaryFile temporary(behind_links(files_.target(index.name)), force);
        temporary.create(index_with_size(index.text, bytes));
        temporary.publish();
    }
}

void ManyRun::take(std::size_t file, const std::string& report, Said said) {
    reports_[file] = file_report(files_.inputs.files[file], report);
    said_[file] = std::move(said);
}

void ManyRun::finish() {
    const FilesSummary summary{planned_.plans.warnings, std::nullopt, seconds_since(start_)};
    beside_->json.write(files_report_json(reports_, summary));
    write_indexes();
    beside_->json.publish();  // last: it says that all is there
    finished_.discard();
    std::string tables;
    for (const Said& said : said_) {
        std::cerr << said.profile;
        tables += said.table;
    }
    if (log_options().verbosity > Verbosity::kQuiet)
        print_when_done(tables + files_total(reports_, summary), files_.folder);
}

bool has_several_inputs(const Arguments& arguments) {
    return arguments.positionals.size() > 2 || stands_for_several(arguments.positionals[0]);
}

int execute_run_of_several(const Arguments& arguments) {
    refuse_for_several(arguments);
    (void)page_from(arguments);  // refuses --report-detail without --report
    ManyRun run(arguments);
    stop_on_signals(run.stopped());
    run.plan();
    run.begin();
    const int code = run_one_after_the_other(run);
    if (code == 0) run.finish();
    return code;
}

}  // namespace pal
