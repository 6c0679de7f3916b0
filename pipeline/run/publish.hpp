// Publishes a run: gives every file that it makes its name, in one place for all forms of a run.
// Those are the outputs, the files that options name (report, trace, page), and the copies of index
// files. A new file that an option names is a row of the table in publish.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/console/report_file.hpp"
#include "pipeline/report/report_files.hpp"
#include "pipeline/run/execute.hpp"
#include "pipeline/run/prepare.hpp"

namespace pal {

/// Folders that a run makes for its outputs. Those that stay empty are removed again.
class MadeFolders {
  public:
    MadeFolders() = default;
    ~MadeFolders();
    MadeFolders(const MadeFolders&) = delete;
    MadeFolders& operator=(const MadeFolders&) = delete;

    /// Makes `folder` and those above it, up to `top`. Throws Error(kOutput).
    void make(const std::string& folder, const std::string& top);

  private:
    std::vector<std::string> made_;
};

class Publication {
  public:
    /// Makes the folders of the outputs and checks that every file can be written. Only the process
    /// that leads has one. Throws Error(kUsage) if a file exists or is another file of the run, and
    /// Error(kOutput) if it cannot be written.
    explicit Publication(const Run& run);

    /// Throws Error(kUsage), with advice, for an option that a batch or a job of ranks cannot have.
    static void refuse_unsupported(const Run& run);
    /// Undoes what a killed run published without its output, and checks the files beside the
    /// output of one input, before anything is read. Throws as the constructor.
    static void check_early(const Run& run);
    /// Tells whether an option asks for any file beside the outputs.
    [[nodiscard]] static bool is_asked_for(const Arguments& arguments);

    /// Returns the paths of the files that options ask for beside the outputs, as absolute ones.
    [[nodiscard]] static std::vector<std::string> asked_for(const Arguments& arguments);

    /// Publishes the only output of a run and all files beside it: all of them appear or none. The
    /// output is last. A run that is killed in between is undone by the next one.
    void publish(const Run& run, const FinishedOutput& output);
    /// Publishes the files beside the outputs of a batch. The report is last: it says that all is
    /// there. Returns what it says of all files together.
    FilesSummary publish_batch(const Run& run);

  private:
    struct Published;
    struct SideFile;
    static const std::vector<SideFile>& side_files();
    void write(Published all);

    MadeFolders folders_;
    std::vector<std::unique_ptr<ReportFile>> files_;  // one per row of the table
};

/// Returns what is known of each file of a batch; it points into `run`.
[[nodiscard]] std::vector<FileReport> file_reports(const Run& run);

/// Publishes one output of a batch, with a note by which a later run keeps it: both appear or none.
void publish_output(const Run& run, const FinishedOutput& output);

}  // namespace pal
