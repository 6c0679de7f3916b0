// The work on several inputs, in the order in which whoever does it takes its steps: one process
// (run_many.cpp) or the ranks of a job (run_many_ranks.cpp). Only for pipeline/commands/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/inputs/many.hpp"
#include "pipeline/report/report_files.hpp"
#include "pipeline/run/finished_files.hpp"
#include "pipeline/run/run_file.hpp"

namespace pal {

/// Folders that are made for outputs; those that stay empty go again.
class MadeFolders {
  public:
    MadeFolders() = default;
    ~MadeFolders();
    MadeFolders(const MadeFolders&) = delete;
    MadeFolders& operator=(const MadeFolders&) = delete;

    /// With those above it, up to `top`.
    void make(const std::string& folder, const std::string& top);

  private:
    std::vector<std::string> made_;
};

class ManyRun {
  public:
    explicit ManyRun(const Arguments& arguments);

    /// Everything that can be refused before something is written; says what there is to warn of.
    void plan();
    /// Folders, and the report that will be written.
    void begin();

    /// One of to_do(); publishes its output. Returns the exit code, where what failed was said.
    /// Throws Error.
    int run_one(std::size_t file, const Speech& speech = {});

    /// All files are done: report and indexes, and what is still to be said.
    void finish();

    [[nodiscard]] const std::vector<InputFile>& files() const noexcept {
        return files_.inputs.files;
    }
    [[nodiscard]] const CheckpointInfo& info_of(std::size_t file) const {
        return planned_.infos[file];
    }
    [[nodiscard]] const Plan& plan_of(std::size_t file) const { return planned_.plans.files[file]; }
    /// The files that no earlier run has finished.
    [[nodiscard]] const std::vector<std::size_t>& to_do() const noexcept { return to_do_; }
    /// What tells this run from those of other inputs, configurations and versions, or that have
    /// other files to do.
    [[nodiscard]] std::string identity() const;
    [[nodiscard]] const std::string& stopped() const noexcept { return stopped_; }

    /// What there is to say of a file that is done.
    struct Said {
        std::string table;    // under its heading
        std::string profile;  // empty where none was asked for
    };
    /// Of one that run_one() did without saying so itself.
    [[nodiscard]] const Said& said_of(std::size_t file) const { return said_[file]; }
    [[nodiscard]] std::string report_of(std::size_t file) const {
        return reports_[file].report.dump();
    }
    /// Of one that somebody else did. report: JSON.
    void take(std::size_t file, const std::string& report, Said said);

    /// Logs that `done` files are there and stay, if any; after an error.
    void say_what_stays(std::size_t done) const;

  private:
    void find_finished();
    void warn() const;
    [[nodiscard]] RunIdentity identity_of_file(std::size_t f, const CheckpointInfo& info) const;
    void remove_journals_of_kept() const;
    [[nodiscard]] bool any_kept() const;
    void write_indexes() const;

    const Arguments& arguments_;
    const Files files_;
    const std::string stopped_;
    const Clock::time_point start_ = Clock::now();
    FinishedFiles finished_;
    const bool resumes_;
    const bool skips_;
    const std::uint64_t budget_bytes_;
    MadeFolders folders_;
    std::optional<Reports> beside_;  // of several inputs the report alone
    PlannedFiles planned_;
    std::vector<RunIdentity> identities_;  // a file
    std::vector<std::size_t> to_do_;       // files, by number
    std::vector<FileReport> reports_;      // a file, of those that are done
    std::vector<Said> said_;               // likewise, of what was not said yet
};

}  // namespace pal
