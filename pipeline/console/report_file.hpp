// The file that --report, --report-html or --trace names: written before the output appears, so
// that all appear or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/files/temporary.hpp"

namespace pal {

/// A file of the command line, and what it is there.
struct UsedFile {
    std::string path;
    std::string what;  // "the config file"
};

/// Whether two names lead to one file, which need not exist yet. Throws nothing.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b) noexcept;

/// Where the path leads if it is a link, so that the file is replaced and not the link; the path
/// itself where it is none, or leads nowhere. Throws nothing.
[[nodiscard]] std::string behind_links(const std::string& path);

class ReportFile {
  public:
    /// `option` named it, as messages say. An empty path: no report is wanted, and nothing below
    /// does anything. Throws Error(kUsage) where the report is one of `used`, or exists and not
    /// `force`; Error(kOutput) where it cannot be written. What is no regular file (a pipe,
    /// /dev/stdout) is written to as it is.
    ReportFile(const std::string& option, const std::string& path, bool force,
               const std::vector<UsedFile>& used);

    /// Every byte reaches a temporary beside the target, or the stream. Throws Error(kOutput).
    void write(const std::string& json);
    /// Puts the temporary into place. Throws Error(kOutput). What it replaces is kept beside it
    /// until this is gone.
    void publish();
    /// Takes back what was published, if it is still there, and puts what it replaced into its
    /// place again.
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
    int descriptor_ = -1;  // the standard stream that the report is, if it is one
    bool is_stream_ = false;
    std::string target_;    // behind links
    std::string previous_;  // the name of what was replaced, if anything was
    std::optional<TemporaryFile> temporary_;
};

}  // namespace pal
