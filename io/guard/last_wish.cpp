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
#include <exception>
#include <mutex>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "io/guard/call_watch.hpp"
#include "io/guard/limits.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/guard/sanitized.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

// A path for the handlers, which may read nothing but memory that stays. `known`: the path is
// whole.
struct KnownFile {
    std::array<char, 4096> path{};
    PreparedText shown;
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
        file.shown.set(path);
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
PreparedText output_failure;
std::atomic<ErrorCode> output_failure_code{ErrorCode::kOutput};
std::atomic<bool> output_failed{false};
std::atomic<bool> failure_said{false};
std::atomic<bool> exit_expected{false};

constexpr unsigned kGraceSeconds = 4;  // cluster managers kill 5 s or more after they have asked
PreparedText stop_message;
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

/// Writes "a.h5: " or "a.h5 or b.h5: "; nothing where no input is open.
void add_suspects(LastWords& words) noexcept {
    bool said = false;
    const bool too_many = open_suspects > suspects.size() && used_suspect.front().known;
    const std::span<const KnownFile> named =
        too_many ? std::span<const KnownFile>(used_suspect) : std::span<const KnownFile>(suspects);
    for (const KnownFile& file : named) {
        if (!file.known) continue;
        words << (said ? " or " : "") << file.shown.view();
        said = true;
    }
    if (said) words << ": ";
}

constexpr std::string_view kNothingWritten = "; nothing was written";

[[noreturn]] void exit_with(ErrorCode code) noexcept { ::_exit(static_cast<int>(code)); }

/// Ends the process because of a damaged input.
[[noreturn]] void end_for_damage(std::string_view why) noexcept {
    remove_doomed(End::kSignal);
    {
        LastWords words;
        add_suspects(words);
        words << why << kNothingWritten;
    }
    exit_with(ErrorCode::kInput);
}

/// Ends the process because of a limit. Partial files stay where --resume can use them.
[[noreturn]] void end_for_limit(std::string_view what, int error) noexcept {
    remove_doomed(End::kOutputFailed);
    LastWords() << what << limit_advice(error) << kNothingWritten;
    exit_with(ErrorCode::kLimit);
}

/// Ends the process because of a fault of its own. It may hold wrong data, so nothing stays.
[[noreturn]] void end_for_fault(std::string_view what, std::string_view detail) noexcept {
    remove_doomed(End::kSignal);
    LastWords() << "internal error: " << what << detail << kPleaseReport << kNothingWritten;
    exit_with(ErrorCode::kInternal);
}

/// Blames the output where errno says that a write failed in the call that crashed. h5::call()
/// clears errno before a call.
void blame_outputs(int error) noexcept {
    const KnownFile& output = outputs.front();
    const bool of_a_write = error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO;
    if (!output.known || !of_a_write) return;
    remove_doomed(End::kOutputFailed);
    const char* const advice = limit_advice(error);
    LastWords() << output.shown.view() << (error == EIO ? ", or an input: " : ": ")
                << ::strerrordesc_np(error) << (advice == nullptr ? "" : advice) << kNothingWritten;
    exit_with(advice == nullptr ? ErrorCode::kOutput : ErrorCode::kLimit);
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
    if (output_failed) {
        remove_doomed(End::kOutputFailed);
        if (!failure_said) LastWords() << output_failure.view();
        exit_with(output_failure_code);
    }
    const bool in_library = h5::is_calling(::syscall(SYS_gettid));
    if (in_library) blame_outputs(error);
    // Libraries do not survive every lack of memory: HDF5 1.10.8, and nlohmann-json 3.11.2.
    if (error == ENOMEM && !MemoryFence::is_closed())
        end_for_limit("crashed for lack of memory", ENOMEM);
    if (!in_library) end_for_fault("crashed with SIG", ::sigabbrev_np(signal));
    end_for_damage("crashed inside the HDF5 library, most likely on a damaged file");
}

/// Ends the process where nobody catches an exception. Without it the C++ library prints its own
/// message and aborts.
[[noreturn]] void on_terminate() noexcept {
    let_one_thread_end_the_process();
    try {
        if (std::current_exception() == nullptr) end_for_fault("terminated", "");
        throw;
    } catch (const std::bad_alloc&) {
        if (MemoryFence::is_closed()) end_for_damage("asks for more memory than makes sense");
        end_for_limit("out of memory", ENOMEM);
    } catch (const std::exception& error) {
        if (tells_of_threads(error)) end_for_limit("no thread can be started", EAGAIN);
        end_for_fault("nobody caught: ", error.what());
    } catch (...) {
        end_for_fault("nobody caught an exception", "");
    }
}

void on_failed_assertion(const char* text) {
    let_one_thread_end_the_process();
    end_for_fault(text, "");
}

extern "C" void on_exit_of_process() {
    if (exit_expected) return;
    let_one_thread_end_the_process();
    end_for_limit("a library ended the program, most likely for lack of memory", ENOMEM);
}

extern "C" void on_stop(int signal) {
    if (signal != SIGALRM && !stopping.exchange(true)) {
        ::alarm(kGraceSeconds);
        return;
    }
    if (signal == SIGXCPU) return;  // sent again with each second of processor time
    remove_doomed(End::kStopped);
    LastWords() << stop_message.view();
    exit_with(ErrorCode::kStopped);
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

void contain_signals(Printable printable) {
    set_printable(printable);
    std::atexit(on_exit_of_process);
    for (const int signal : kEnds) handle(signal, on_end);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) handle(signal, on_end);
    if (kSanitized) return;
    for (const int signal : kCrashes) handle(signal, on_crash);
    std::set_terminate(on_terminate);
    set_assertion_handler(on_failed_assertion);
    contain_stack_overflow_of_this_thread();
}

void stop_on_signals(const std::string& message) {
    stop_message.set(message);
    for (const int signal : kStops) handle(signal, on_stop);
}

bool stop_requested() noexcept { return stopping; }

void blame_output_for_crash(const Error& error) {
    if (output_failed) return;
    output_failure.set(error.what() + std::string(kNothingWritten));
    output_failure_code = error.code();
    output_failed = true;
}

void failure_was_said(ErrorCode code) noexcept {
    failure_said = true;
    if (output_failed) return;
    output_failure_code = code;
    output_failed = true;
}

void contain_stack_overflow_of_this_thread() {
    if (kSanitized) return;
    static const thread_local HandlerStack stack;
}

void give_up_on_input() noexcept {
    let_one_thread_end_the_process();
    end_for_damage("the HDF5 library does not return from a call, most likely on a damaged file");
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
