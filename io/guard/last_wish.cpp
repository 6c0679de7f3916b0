#include "io/guard/last_wish.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>

#include "io/guard/sanitized.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

// A path for the handlers, which may read nothing but memory that stays. `known`: the path is
// whole.
struct KnownFile {
    std::array<char, 4096> path{};
    std::atomic<bool> known{false};
    // Doomed files only: kept when the process is stopped; kept after writing the output failed.
    std::atomic<bool> spared{false};
    std::atomic<bool> spared_after_failure{false};
};
std::array<KnownFile, 8> doomed_files;
std::array<KnownFile, 2> suspects;
std::atomic<std::size_t> open_suspects{0};  // also counts those without a place in `suspects`
std::array<KnownFile, 1> used_suspect;
std::mutex using_suspect;  // handlers do not take it
std::array<KnownFile, 1> outputs;

void remember(std::span<KnownFile> files, const std::string& path) {
    for (KnownFile& file : files) {
        // No path that can be opened is longer than the array.
        if (file.known || path.size() + 1 > file.path.size()) continue;
        std::memcpy(file.path.data(), path.c_str(), path.size() + 1);
        file.spared = file.spared_after_failure = false;
        file.known = true;
        return;
    }
}

void forget(std::span<KnownFile> files, const std::string& path) noexcept {
    for (KnownFile& file : files) {
        if (!file.known || path != file.path.data()) continue;
        file.known = false;
        return;
    }
}

// Error to print instead of a crash that follows it; whole once `output_failed`.
std::array<char, 4096> output_failure;
std::size_t output_failure_bytes = 0;
std::atomic<bool> output_failed{false};
std::atomic<bool> failure_said{false};
std::atomic<bool> exit_expected{false};

constexpr unsigned kGraceSeconds = 4;  // cluster managers kill 5 s or more after they have asked
std::array<char, 4096> stop_message;
std::size_t stop_message_bytes = 0;
std::atomic<bool> stopping{false};

enum class End { kSignal, kStopped, kOutputFailed };

void remove_doomed(End end) noexcept {
    for (KnownFile& file : doomed_files) {
        if (end == End::kStopped && file.spared) continue;
        if (end == End::kOutputFailed && file.spared_after_failure) continue;
        if (file.known.exchange(false)) ::unlink(file.path.data());
    }
}

extern "C" void on_end(int signal) {
    remove_doomed(End::kStopped);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void say(std::string_view message) noexcept {
    // Not write(): as a cancellation point it reads the thread's control block, which the crash
    // may have overwritten. Nothing is left to do where even this fails.
    [[maybe_unused]] const auto written =
        ::syscall(SYS_write, STDERR_FILENO, message.data(), message.size());
}

/// Prints "a.h5: " or "a.h5 or b.h5: "; nothing where no input is open.
void say_suspects() noexcept {
    bool said = false;
    const bool too_many = open_suspects > suspects.size() && used_suspect.front().known;
    const std::span<const KnownFile> named =
        too_many ? std::span<const KnownFile>(used_suspect) : std::span<const KnownFile>(suspects);
    for (const KnownFile& file : named) {
        if (!file.known) continue;
        if (said) say(" or ");
        say(file.path.data());
        said = true;
    }
    if (said) say(": ");
}

[[noreturn]] void end_for_input(std::string_view why) noexcept {
    say("h5palettize: error: ");
    say_suspects();
    say(why);
    say("; nothing was written\n");
    ::_exit(static_cast<int>(ErrorCode::kInput));
}

/// Blames the output where errno says that a write failed in the call that crashed. h5::call()
/// clears errno before a call. Returns whether it did.
bool blame_outputs(int error) noexcept {
    const KnownFile& output = outputs.front();
    const bool of_a_write = error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO;
    if (!output.known || !of_a_write) return false;
    remove_doomed(End::kOutputFailed);
    say("h5palettize: error: ");
    say(output.path.data());
    say(error == EIO ? ", or an input: " : ": ");
    say(::strerrordesc_np(error));
    say("; nothing was written\n");
    return true;
}

std::atomic<bool> errno_was_asked_for{false};

/// Thread that crashed first, or 0. It ends the process. Other threads mostly crash on the same
/// damage: they wait for the end and print nothing.
std::atomic<long> crashing_thread{0};

void let_one_thread_end_the_process() noexcept {
    const long self = ::syscall(SYS_gettid);  // reads no data of the thread, see say()
    long first = 0;
    if (crashing_thread.compare_exchange_strong(first, self) || first == self) return;
    for (;;) ::pause();
}

extern "C" void on_crash(int signal) {
    let_one_thread_end_the_process();
    // Reading errno crashes once more where the thread's control block was overwritten: asked once.
    const int error = errno_was_asked_for.exchange(true) ? 0 : errno;
    if (!output_failed && blame_outputs(error)) ::_exit(static_cast<int>(ErrorCode::kOutput));
    remove_doomed(output_failed ? End::kOutputFailed : End::kSignal);
    if (output_failed) {
        if (!failure_said) say({output_failure.data(), output_failure_bytes});
        ::_exit(static_cast<int>(ErrorCode::kOutput));
    }
    end_for_input(signal == SIGABRT
                      ? "crashed: aborted on a damaged file or on a bug"
                      : "crashed, most likely inside the HDF5 library on a damaged file");
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
    if (signal == SIGXCPU) return;  // sent again with each second of processor time
    remove_doomed(End::kStopped);
    say({stop_message.data(), stop_message_bytes});
    ::_exit(static_cast<int>(ErrorCode::kStopped));
}

/// Stack for the signal handlers of one thread, between pages that nothing may touch. Memory of the
/// heap will not do: a crash may follow after anything in it was overwritten.
class HandlerStack {
  public:
    HandlerStack() {
        void* const place = ::mmap(nullptr, kBytes + 2 * kGuard, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (place == MAP_FAILED) return;  // handlers then use the thread's own stack
        memory_ = static_cast<char*>(place);
        if (::mprotect(memory_ + kGuard, kBytes, PROT_READ | PROT_WRITE) != 0) return;
        stack_t stack{};
        stack.ss_sp = memory_ + kGuard;
        stack.ss_size = kBytes;
        ::sigaltstack(&stack, nullptr);
    }
    HandlerStack(const HandlerStack&) = delete;
    HandlerStack& operator=(const HandlerStack&) = delete;
    ~HandlerStack() {
        if (memory_ == nullptr) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
        ::munmap(memory_, kBytes + 2 * kGuard);
    }

  private:
    static constexpr std::size_t kBytes = 65536;
    static constexpr std::size_t kGuard = 65536;
    char* memory_ = nullptr;
};

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
/// Signals that end the process and are no crash. Those from SIGRTMIN on do so too.
constexpr std::array kEnds{SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1,   SIGUSR2, SIGXCPU,
                           SIGALRM, SIGPROF, SIGVTALRM, SIGIO,   SIGSTKFLT, SIGPWR,  SIGSYS};
/// Signals by which people and batch systems ask a run to end.
constexpr std::array kStops{SIGALRM, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU};

void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    sigfillset(&action.sa_mask);
    for (const int crash : kCrashes) sigdelset(&action.sa_mask, crash);
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;  // nohup stays nohup
    if (handler == on_end && before.sa_handler != SIG_DFL)
        return;  // somebody else's handler, a profiler's for example
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

void expect_exit() noexcept { exit_expected = true; }

void contain_signals() {
    std::atexit(on_exit_of_process);
    for (const int signal : kEnds) handle(signal, on_end);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) handle(signal, on_end);
    if (kSanitized) return;
    for (const int signal : kCrashes) handle(signal, on_crash);
    contain_stack_overflow_of_this_thread();
}

void stop_on_signals(const std::string& message) {
    const std::string line = "h5palettize: error: " + message + "\n";
    stop_message_bytes = line.copy(stop_message.data(), stop_message.size());
    for (const int signal : kStops) handle(signal, on_stop);
}

bool stop_requested() noexcept { return stopping; }

void blame_output_for_crash(const std::string& message) {
    if (output_failed) return;
    const std::string line = "h5palettize: error: " + message + "; nothing was written\n";
    output_failure_bytes = line.copy(output_failure.data(), output_failure.size());
    output_failed = true;
}

void output_failure_was_said() noexcept { failure_said = true; }

void contain_stack_overflow_of_this_thread() {
    if (kSanitized) return;
    static const thread_local HandlerStack stack;
}

void give_up_on_input() noexcept {
    remove_doomed(End::kSignal);
    end_for_input("the HDF5 library does not return from a call, most likely on a damaged file");
}

Suspect::Suspect(std::string input) : input_(std::move(input)) {
    remember(suspects, input_);
    ++open_suspects;
    use_suspect(input_);
}
Suspect::~Suspect() {
    forget(suspects, input_);
    --open_suspects;
    const std::lock_guard lock(using_suspect);
    forget(used_suspect, input_);
}

void use_suspect(const std::string& input) {
    const std::lock_guard lock(using_suspect);
    KnownFile& used = used_suspect.front();
    if (used.known && input == used.path.data()) return;
    used.known = false;
    remember(used_suspect, input);
}

Output::Output(std::string output) : output_(std::move(output)) { remember(outputs, output_); }
Output::~Output() { forget(outputs, output_); }

void set_doomed_file(const std::string& path) { remember(doomed_files, path); }

void spare_when_stopped(const std::string& path, bool output_failures) noexcept {
    for (KnownFile& file : doomed_files) {
        if (!file.known || path != file.path.data()) continue;
        file.spared = true;
        file.spared_after_failure = output_failures;
    }
}

void clear_doomed_file(const std::string& path) noexcept { forget(doomed_files, path); }

}  // namespace pal
