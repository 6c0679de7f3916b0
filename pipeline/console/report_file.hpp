// Files that a command writes beside its output: reports, pages, traces. They are written before
// the output gets its name, so that all of them appear or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/files/partial_file.hpp"

namespace pal {

/// A file of the command line, and its role in messages.
struct UsedFile {
    std::string path;
    std::string what;  // "the config file"
};

/// One such file, from the checks before a run until it is published. Not thread-safe.
class ReportFile {
  public:
    /// Checks the path. If it is empty, no report is wanted and the functions below do nothing.
    /// A path that is no regular file (a pipe, /dev/stdout) is written to directly.
    ///
    /// option  names the report in messages
    /// force   replaces an existing file
    /// used    other files of the command line, none of which may be the report
    ///
    /// Throws Error(kUsage) if it is one of `used`, or exists without `force`; Error(kOutput) if it
    /// cannot be written.
    ReportFile(const std::string& option, const std::string& path, bool force,
               const std::vector<UsedFile>& used);

    /// Writes all of it to a partial file beside the target, or to the stream. Throws
    /// Error(kOutput).
    void write(const std::string& json);
    /// Puts the partial file into place. Keeps the file that it replaces until the destructor.
    /// Throws Error(kOutput).
    void publish();
    /// Removes a published report, if it is still there, and puts the file that it replaced back.
    void withdraw() noexcept;
    ~ReportFile();
    ReportFile(const ReportFile&) = delete;
    ReportFile& operator=(const ReportFile&) = delete;

  private:
    void keep_previous();
    void restore_previous() noexcept;
    void write_to_stream(const std::string& json) const;
    [[noreturn]] void cannot_write(const std::string& why) const;

    std::string path_;
    std::string name_;  // "--report FILE"
    bool force_;
    int descriptor_ = -1;  // of the standard stream that the report is; -1: none
    bool is_stream_ = false;
    std::string target_;    // path behind symbolic links
    std::string previous_;  // path that keeps the replaced file; empty: none
    std::optional<PartialFile> temporary_;
};

}  // namespace pal
