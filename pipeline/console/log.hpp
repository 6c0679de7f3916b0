// Messages for people, on stderr: one line each, whatever the text holds; or a JSON object each,
// for batch systems (--log-format json).
#pragma once

#include <string>

#include "pipeline/console/progress.hpp"

namespace pal {

enum class LogFormat { kText, kJson };
enum class Verbosity {
    kErrors,   // and nothing else
    kQuiet,    // warnings and errors
    kNormal,   // and notes, and progress
    kVerbose,  // and details
};

struct LogOptions {
    LogFormat format = LogFormat::kText;
    Verbosity verbosity = Verbosity::kNormal;
};

/// For the process; before other threads log.
void set_log_options(const LogOptions& options);
[[nodiscard]] const LogOptions& log_options() noexcept;

/// "h5palettize: info: ...", "h5palettize: warning: ..." and "h5palettize: error: ...", or
/// {"time": "2026-11-26T13:05:01Z", "level": "info", "message": "..."}. Thread-safe.
void log_detail(const std::string& text);
void log_note(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

/// Progress on stderr: on a terminal ten times a second one line that the next one replaces, and
/// that gives way to any other message; else every 30 s a line, or a JSON object with the fields of
/// ProgressState. Not with --quiet.
[[nodiscard]] ProgressOutput progress_on_stderr();

}  // namespace pal
