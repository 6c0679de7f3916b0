// Files that a command writes beside its output: reports, pages, traces. They are written before
// the output gets its name, so that all of them appear or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/files/partial_file.hpp"
#include "io/write/journal_records.hpp"

namespace pal {

/// A file of the command line, and its role in messages.
struct UsedFile {
    std::string path;
    std::string what;        // "the config file"
    bool is_source = false;  // the report tells of it
};

/// One such file, from the checks before a run until it is published. Not thread-safe.
class ReportFile {
  public:
    /// Checks the path. If it is empty, no report is wanted and the functions below do nothing.
    /// A path that is no regular file (a pipe, /dev/stdout) is written to directly.
    ///
    /// option  names the report in messages
    /// force   replaces an existing file
    /// used    other files of the command line, none of which may be the report; nobody may read
    ///         the report who may not read its sources
    ///
    /// Throws Error(kUsage) if it is one of `used`, or exists without `force`; Error(kOutput) if it
    /// cannot be written.
    ReportFile(const std::string& option, const std::string& path, bool force,
               const std::vector<UsedFile>& used);

    /// Tells whether a file appears, and not a stream or nothing.
    [[nodiscard]] bool is_file() const noexcept { return !path_.empty() && !is_stream_; }
    /// Writes all of it to a partial file beside the target, or to the stream. Throws
    /// Error(kOutput), and Error(kStopped) if a signal comes while nobody reads the stream.
    void write(const std::string& json);
    /// Returns what publish() will put into place; nothing for a stream, or where nothing was
    /// written.
    [[nodiscard]] std::optional<PublishedFile> to_publish() const;
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
    std::vector<std::string> sources_;
    int descriptor_ = -1;  // of the standard stream that the report is; -1: none
    bool is_stream_ = false;
    std::string target_;    // path behind symbolic links
    std::string previous_;  // path that keeps the replaced file; empty: none
    std::optional<PartialFile> temporary_;
};

}  // namespace pal
