// Messages on stderr: one line each, whatever the text holds, or one JSON object each for batch
// systems (--log-format json).
#pragma once

#include <string>

#include "pipeline/console/progress.hpp"

namespace pal {

enum class LogFormat { kText, kJson };
enum class Verbosity {
    kErrors,   // errors only
    kQuiet,    // warnings and errors
    kNormal,   // also notes and progress
    kVerbose,  // also details
};

struct LogOptions {
    LogFormat format = LogFormat::kText;
    Verbosity verbosity = Verbosity::kNormal;
};

/// Sets the options of the process. Called before other threads log.
void set_log_options(const LogOptions& options);
[[nodiscard]] const LogOptions& log_options() noexcept;

/// Log "h5palettize: info: ...", "h5palettize: warning: ..." or "h5palettize: error: ..."; in JSON
/// {"time": "2026-11-26T13:05:01Z", "level": "info", "message": "..."}. Thread-safe.
void log_detail(const std::string& text);
void log_note(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

/// Returns the output of progress on stderr. A terminal gets one line that is replaced ten times a
/// second and makes room for other messages. Anything else gets a line every 30 s, or a JSON object
/// with the fields of ProgressState. With --quiet there is no progress.
[[nodiscard]] ProgressOutput progress_on_stderr();

}  // namespace pal
