#include "pipeline/run/publish.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "io/files/content_stamp.hpp"
#include "io/files/partial_file.hpp"
#include "io/files/paths.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "pipeline/inputs/index_text.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/report_files.hpp"
#include "pipeline/report/report_page.hpp"
#include "pipeline/report/totals.hpp"
#include "pipeline/run/rank_files.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Returns the bytes of datasets that are no tensors.
std::uint64_t other_bytes(const CheckpointInfo& info) {
    std::uint64_t bytes = 0;
    for (const DatasetInfo& dataset : info.datasets) bytes += dataset.dtype ? 0 : dataset.bytes;
    return bytes;
}

void make_folders(const Run& run, MadeFolders& folders) {
    const std::string& top = run.files.folder;
    folders.make(top, top);
    for (const std::size_t f : run.to_do)
        folders.make(folder_of(run.files.target(run.input(f).name)), top);
    for (const IndexFile& index : run.files.inputs.indexes)
        folders.make(folder_of(run.files.target(index.name)), top);
}

/// Publishes copies of the index files, with the sizes of the outputs.
void publish_indexes(const Run& run) {
    const bool force = run.arguments.flag("force") || run.to_do.size() < run.file_count();
    for (const IndexFile& index : run.files.inputs.indexes) {
        const auto add = [&](std::uint64_t sum, std::size_t f) {
            return sum + totals_of(run.plan(f)).bytes_out + other_bytes(run.planned.infos[f]);
        };
        const std::uint64_t bytes =
            std::accumulate(index.files.begin(), index.files.end(), std::uint64_t{0}, add);
        PartialFile copy(behind_links(run.files.target(index.name)), force);
        copy.is_made_of(index.path);
        copy.create(index_with_size(index.text, bytes));
        copy.publish();
    }
}

}  // namespace

/// The sources of the files beside the outputs.
struct Publication::Published {
    const Run& run;
    FilesSummary summary;               // of a batch
    RankRecorder* recording = nullptr;  // of a run of one file
    std::string report = {};            // JSON; empty if no file tells of it
};

/// A file that an option names.
struct Publication::SideFile {
    const char* option;  // of kind kNewFile
    std::string (*content)(const Published&);
    const char* refusal_for_batch;  // null: a batch may have it
    bool is_for_ranks;              // a job of several ranks may have it
};

/// To publish a new file, add a row here and its option to the option table.
const std::vector<Publication::SideFile>& Publication::side_files() {
    static const auto report = [](const Published& all) { return all.report; };
    static const auto trace = [](const Published& all) { return all.recording->trace_json(); };
    static const auto page = [](const Published& all) { return report_page(all.report); };
    static const std::vector<SideFile> rows = {
        {"trace", trace,
         "--trace: is of one input; give the file to look at alone, or --profile, which tells of "
         "each",
         true},
        {"report-html", page,
         "--report-html: is of one input; --report FILE --report-detail keeps what the pages of "
         "all show, and h5palettize report makes one of a file's part",
         false},
        {"report", report, nullptr, true},  // last: it says that all is there
    };
    return rows;
}

bool Publication::is_asked_for(const Arguments& arguments) {
    return std::ranges::any_of(side_files(),
                               [&](const SideFile& row) { return arguments.has(row.option); });
}

std::vector<std::string> Publication::asked_for(const Arguments& arguments) {
    std::vector<std::string> paths;
    for (const SideFile& row : side_files()) {
        const std::string& path = arguments.text(row.option);
        if (!path.empty()) paths.push_back(std::filesystem::absolute(path).string());
    }
    return paths;
}

void Publication::refuse_unsupported(const Run& run) {
    const Arguments& arguments = run.arguments;
    const auto refuse = [](const std::string& text) { throw Error(ErrorCode::kUsage, text); };
    const bool has_ranks = !run.team.is_alone();
    if (arguments.flag("report-detail") && !arguments.has("report"))
        refuse("--report-detail: is for --report FILE, which is missing");
    if (run.is_batch && arguments.has("shard")) {
        refuse(
            "--shard: is of one input; divide each of them, or give each machine some of the "
            "files");
    }
    const std::string not_by_ranks = ": not by several ranks of one job";
    if (has_ranks && arguments.has("shard"))
        refuse("--shard " + arguments.text("shard") + not_by_ranks);
    for (const SideFile& row : side_files()) {
        if (!arguments.has(row.option)) continue;
        if (run.is_batch && row.refusal_for_batch != nullptr) refuse(row.refusal_for_batch);
        if (has_ranks && !row.is_for_ranks) refuse("--" + std::string(row.option) + not_by_ranks);
    }
    if (has_ranks && arguments.flag("report-detail")) refuse("--report-detail" + not_by_ranks);
}

void Publication::check_early(const Run& run) {
    if (run.is_batch || !run.team.leads()) return;  // a batch makes its folders first
    settle_published(run.target(0));
    if (was_published(run.target(0))) return;  // looked at again once the plan is known
    for (const SideFile& row : side_files()) (void)new_file_from(run.arguments, row.option);
}

Publication::Publication(const Run& run) {
    Arguments arguments = run.arguments;
    if (run.is_batch) {
        make_folders(run, folders_);
        arguments = with_others(arguments, run.files);
    } else if (run.to_do.empty()) {
        clear_other_jobs(run.target(0), 1, false);  // what ranks left of what is done
    } else {
        prepare_folder_of_ranks(run.target(0), run.team.ranks().size(), run.resumes);
    }
    // With nothing left to do, an existing report is from the run that this one resumes.
    if (run.to_do.empty()) arguments.set_flag("force");
    for (const SideFile& row : side_files())
        files_.emplace_back(
            new ReportFile(new_file_from(arguments, row.option)));  // it cannot be moved
    if (run.is_batch && run.was_published) run.notes->discard();
    // A run that was killed just after it published an output left the journal of it.
    for (std::size_t f = 0; f < run.file_count(); ++f) {
        if (std::ranges::find(run.to_do, f) == run.to_do.end()) remove_journal(run.target(f));
    }
}

void Publication::write(Published all) try {
    const Run& run = all.run;
    if (run.arguments.has("report") || run.arguments.has("report-html")) {
        all.report = run.is_batch ? files_report_json(file_reports(run), all.summary)
                                  : report_json(run.plan(0), &run.results[0]);
    }
    for (std::size_t s = 0; s < files_.size(); ++s) {
        const SideFile& row = side_files()[s];
        if (all.run.arguments.has(row.option)) files_[s]->write(row.content(all));
    }
} catch (const Error& error) {
    if (error.code() != ErrorCode::kStopped) throw;
    throw Error(ErrorCode::kStopped, all.run.team.stopped());
}

void Publication::publish(const Run& run, const FinishedOutput& output) {
    write({run, {}, output.recording});
    output.recording->phases().enter("publish", Activity::kWriting);
    Publishing publishing{
        asked_for(run.arguments), {}, content_stamp(output.journal->partial_path())};
    for (const auto& file : files_) {
        if (auto published = file->to_publish()) publishing.files.push_back(std::move(*published));
    }
    output.journal->publishing(publishing);
    try {
        for (const auto& file : files_) file->publish();
        output.writer->publish();
    } catch (...) {
        for (const auto& file : files_) file->withdraw();
        throw;
    }
}

FilesSummary Publication::publish_batch(const Run& run) {
    FilesSummary summary{run.planned.plans.warnings, std::nullopt,
                         std::chrono::duration<double>(Clock::now() - run.start).count()};
    write({run, summary});
    publish_indexes(run);
    try {
        for (const auto& file : files_) file->publish();
    } catch (...) {
        for (const auto& file : files_) file->withdraw();
        throw;
    }
    run.notes->note_all(run.identities, asked_for(run.arguments));
    run.notes->discard();
    return summary;
}

MadeFolders::~MadeFolders() {
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
}

void MadeFolders::make(const std::string& folder, const std::string& top) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) return;
    if (folder.size() > top.size()) make(folder_of(folder), top);
    const bool is_new = std::filesystem::create_directory(folder, error);
    if (error) throw Error(ErrorCode::kOutput, folder + ": cannot be made: " + error.message());
    if (is_new) made_.push_back(folder);  // otherwise another run has just made it
}

std::vector<FileReport> file_reports(const Run& run) {
    std::vector<FileReport> reports;
    for (std::size_t f = 0; f < run.file_count(); ++f)
        reports.push_back({run.input(f).name, run.input(f).path, &run.plan(f), &run.results[f]});
    return reports;
}

void publish_output(const Run& run, const FinishedOutput& output) {
    const std::string& name = run.input(output.file).name;
    try {
        run.notes->add(name, run.identities[output.file], output.journal->partial_path(),
                       to_bytes(run.results[output.file]));
        output.recording->phases().enter("publish", Activity::kWriting);
        output.writer->publish();
    } catch (...) {
        run.notes->take_back(name);
        throw;
    }
}

}  // namespace pal
