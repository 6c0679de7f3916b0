#include "pipeline/console/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>

#include "io/guard/last_words.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/printable.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

LogOptions& options() {
    static LogOptions chosen;
    return chosen;
}

constexpr const char* kTextPattern = "%n: %l: %v";
constexpr const char* kJsonPattern = "%v";

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>(
            "h5palettize", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern(kTextPattern);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

/// Progress line on the terminal. The next message has to clear it first.
struct LiveLine {
    std::mutex mutex;
    bool shown = false;
    void clear() {
        if (!shown) return;
        std::fputs("\r\x1b[K", stderr);
        shown = false;
    }
};

LiveLine& live_line() {
    static LiveLine line;
    return line;
}

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return printable(text);
}

Json json_of(spdlog::level::level_enum level, const std::string& text) {
    const auto name = spdlog::level::to_string_view(level);
    return {{"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
            {"level", std::string(name.data(), name.size())},
            {"message", printable(text)}};
}

void write(spdlog::level::level_enum level, const std::string& line) {
    const std::lock_guard lock(live_line().mutex);
    live_line().clear();
    logger().log(level, "{}", line);
}

void log(spdlog::level::level_enum level, const std::string& text) {
    write(level,
          options().format == LogFormat::kJson ? json_text(json_of(level, text)) : one_line(text));
}

/// Returns the columns of the terminal; 80 if it does not tell.
std::size_t terminal_width() {
    winsize size{};
    constexpr std::size_t kUsual = 80;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

void log_progress_json(const ProgressState& state) {
    Json line = json_of(spdlog::level::info, "progress");
    line["tensors_done"] = state.tensors_done;
    line["tensors"] = state.tensors;
    line["bytes_done"] = state.bytes_done;
    line["bytes"] = state.bytes;
    line["seconds"] = state.seconds;
    const double left = seconds_left(state);
    line["seconds_left"] = left < 0 ? Json(nullptr) : Json(left);
    Json current;
    if (!state.current.empty()) put_path(current, state.current);
    line["current"] = std::move(current);
    write(spdlog::level::info, json_text(line));
}

void show_live(const ProgressState& state) {
    const std::string text = progress_text(state, terminal_width() - 1);
    const std::lock_guard lock(live_line().mutex);
    std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
    std::fflush(stderr);
    live_line().shown = true;
}

void end_live() {
    const std::lock_guard lock(live_line().mutex);
    live_line().clear();
    std::fflush(stderr);
}

}  // namespace

void set_log_options(const LogOptions& chosen) {
    options() = chosen;
    logger().set_pattern(chosen.format == LogFormat::kJson ? kJsonPattern : kTextPattern);
    if (chosen.format == LogFormat::kJson) write_last_words_as_json();
}
const LogOptions& log_options() noexcept { return options(); }

void log_detail(const std::string& text) {
    if (options().verbosity == Verbosity::kVerbose) log(spdlog::level::info, text);
}
void log_note(const std::string& text) {
    if (options().verbosity > Verbosity::kQuiet) log(spdlog::level::info, text);
}
void log_warning(const std::string& text) {
    if (options().verbosity > Verbosity::kErrors) log(spdlog::level::warn, text);
}
void log_error(const std::string& text) { log(spdlog::level::err, text); }

ProgressOutput progress_on_stderr() {
    using namespace std::chrono_literals;
    if (options().verbosity <= Verbosity::kQuiet) return {};
    if (options().format == LogFormat::kJson) return {30'000ms, log_progress_json};
    if (isatty(STDERR_FILENO) == 1) return {100ms, show_live, end_live};
    constexpr std::size_t kWidth = 240;
    return {30'000ms, [](const ProgressState& state) { log_note(progress_text(state, kWidth)); }};
}

}  // namespace pal
