#include "io/last_wish.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "stages/error.hpp"

namespace pal {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kContainCrashes = false;
#else
constexpr bool kContainCrashes = true;
#endif

// Handlers may read nothing but memory that stays: paths are copied here, and `doomed` says that
// one is whole.
struct DoomedFile {
    std::array<char, 4096> path{};
    std::atomic<bool> doomed{false};
    std::atomic<bool> spared{false};  // when the process is stopped
    std::atomic<bool> spared_after_failure{false};
};
std::array<DoomedFile, 8> doomed_files;

// The error to say instead of a crash that follows it, whole once `output_failed`.
std::array<char, 4096> output_failure;
std::size_t output_failure_bytes = 0;
std::atomic<bool> output_failed{false};
std::atomic<bool> failure_said{false};
std::atomic<bool> exit_expected{false};

constexpr unsigned kGraceSeconds = 4;  // cluster managers kill 5 s or more after they have asked
std::array<char, 4096> stop_message;
std::size_t stop_message_bytes = 0;
std::atomic<bool> stopping{false};

// A crash may be a stack that overflowed.
alignas(16) std::array<char, 65536> handler_stack;

enum class End { kSignal, kStopped, kOutputFailed };

void remove_doomed(End end) noexcept {
    for (DoomedFile& file : doomed_files) {
        if (end == End::kStopped && file.spared) continue;
        if (end == End::kOutputFailed && file.spared_after_failure) continue;
        if (file.doomed.exchange(false)) ::unlink(file.path.data());
    }
}

extern "C" void on_end(int signal) {
    remove_doomed(End::kSignal);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void say(std::string_view message) noexcept {
    // Nothing is left to do where even this fails.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
}

extern "C" void on_crash(int signal) {
    remove_doomed(output_failed ? End::kOutputFailed : End::kSignal);
    if (output_failed) {
        if (!failure_said) say({output_failure.data(), output_failure_bytes});
        ::_exit(static_cast<int>(ErrorCode::kOutput));
    }
    constexpr std::string_view kCrash =
        "h5palettize: error: crashed, most likely inside the HDF5 library on a damaged input; "
        "nothing was written\n";
    constexpr std::string_view kAbort =
        "h5palettize: error: crashed: aborted on a bug or on a damaged input; nothing was "
        "written\n";
    const std::string_view message = signal == SIGABRT ? kAbort : kCrash;
    say(message);
    ::_exit(static_cast<int>(ErrorCode::kInput));
}

extern "C" void on_exit_of_process() {
    if (exit_expected) return;
    remove_doomed(End::kSignal);
    say("h5palettize: error: a library ended the program, most likely for lack of memory; nothing "
        "was "
        "written\n");
    ::_exit(static_cast<int>(ErrorCode::kInput));
}

extern "C" void on_stop(int signal) {
    if (signal != SIGALRM && !stopping.exchange(true)) {
        ::alarm(kGraceSeconds);
        return;
    }
    remove_doomed(End::kStopped);
    say({stop_message.data(), stop_message_bytes});
    ::_exit(static_cast<int>(ErrorCode::kStopped));
}

void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigfillset(&action.sa_mask);
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);  // nohup stays nohup
}

}  // namespace

void expect_exit() noexcept { exit_expected = true; }

void contain_signals() {
    std::atexit(on_exit_of_process);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) handle(signal, on_end);
    if (!kContainCrashes) return;
    stack_t stack{};
    stack.ss_sp = handler_stack.data();
    stack.ss_size = handler_stack.size();
    ::sigaltstack(&stack, nullptr);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) handle(signal, on_crash);
}

void stop_on_signals(const std::string& message) {
    const std::string line = "h5palettize: error: " + message + "\n";
    stop_message_bytes = line.copy(stop_message.data(), stop_message.size());
    for (const int signal : {SIGALRM, SIGTERM, SIGINT, SIGHUP, SIGUSR1}) handle(signal, on_stop);
}

bool stop_requested() noexcept { return stopping; }

void blame_output_for_crash(const std::string& message) {
    if (output_failed) return;
    const std::string line = "h5palettize: error: " + message + "; nothing was written\n";
    output_failure_bytes = line.copy(output_failure.data(), output_failure.size());
    output_failed = true;
}

void output_failure_was_said() noexcept { failure_said = true; }

void set_doomed_file(const std::string& path) {
    for (DoomedFile& file : doomed_files) {
        // Longer than the array is longer than any path that can be opened.
        if (file.doomed || path.size() + 1 > file.path.size()) continue;
        std::memcpy(file.path.data(), path.c_str(), path.size() + 1);
        file.spared = file.spared_after_failure = false;
        file.doomed = true;
        return;
    }
}

void spare_when_stopped(const std::string& path, bool output_failures) noexcept {
    for (DoomedFile& file : doomed_files) {
        if (!file.doomed || path != file.path.data()) continue;
        file.spared = true;
        file.spared_after_failure = output_failures;
    }
}

void clear_doomed_file(const std::string& path) noexcept {
    for (DoomedFile& file : doomed_files) {
        if (file.doomed && path == file.path.data()) file.doomed = false;
    }
}

}  // namespace pal
