// Cleans up when a signal ends the process: removes partial files, turns a crash into an error
// message.
#pragma once

#include <string>

#include "io/guard/last_words.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

/// Handles signals for the whole process from now on. Call it once, from main.
/// - SIGINT, SIGTERM and the others that end a process: removes the doomed files, then lets the
///   signal end the process. Files spared when the process is stopped stay.
/// - A crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT): removes the doomed files, prints an error
///   on stderr and exits. Inside a call of the HDF5 library it blames the input (3): HDF5 1.10.8
///   crashes on some damaged files. Where the call lacked memory it names that limit (71). Anywhere
///   else it is a fault of the program (70), and so are failed assertions and exceptions that
///   nobody catches. A sanitizer keeps its own handlers of crashes.
/// - exit before expect_exit(): a lack of memory (71). HDF5 1.10.8 calls exit then.
/// printable: escapes names; nullptr leaves them as they are.
void contain_signals(Printable printable = nullptr);
/// Tells that the program has come to its end: exit is expected from now on.
void expect_exit() noexcept;

/// Gives the calling thread a stack for the handler of crashes, until the thread ends. The thread's
/// own stack has no room once it overflows. Every thread that may call the library needs one;
/// contain_signals() gives one to main. Calling it again costs nothing.
void contain_stack_overflow_of_this_thread();

/// Names an open input; a crash is blamed on it. With more than two (the shards of a merge) a crash
/// is blamed on the one that was used last. Make and destroy them in one thread.
class Suspect {
  public:
    /// Calls use_suspect() as well.
    explicit Suspect(std::string input);
    ~Suspect();
    Suspect(const Suspect&) = delete;
    Suspect& operator=(const Suspect&) = delete;

  private:
    std::string input_;
};

/// Tells that the library is about to read this input. Thread-safe.
void use_suspect(const std::string& input);

/// Names an output that is being written. A crash inside the library is blamed on it where errno
/// holds an error of a write, and exits with 4, or with 71 for a limit of file sizes. EIO blames
/// the input too. HDF5 1.10.8 crashes where a write fails inside H5Ocopy. Make and destroy it in
/// one thread.
class Output {
  public:
    explicit Output(std::string output);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

  private:
    std::string output_;
};

/// Ends the process because a call on an input does not return. Removes the doomed files, names the
/// open inputs on stderr and exits with 3. Thread-safe.
[[noreturn]] void give_up_on_input() noexcept;

/// Tells that writing an output failed: HDF5 1.10.8 may crash when it closes that file, or later.
/// From now on a crash prints this error and exits with its code, unless the user has seen it.
void blame_output_for_crash(const Error& error);
/// Tells that the user has seen why the run fails: a crash that follows, as of the library after a
/// lack of memory, exits with this code and says no more.
void failure_was_said(ErrorCode code) noexcept;

/// Lets a run that can be resumed stop in order. From now on SIGTERM, SIGINT, SIGHUP, SIGUSR1,
/// SIGUSR2 and SIGXCPU (unless they are ignored) only make stop_requested() true. Four seconds
/// later the process removes its doomed files, but not the spared ones, prints `message` on stderr
/// and exits with 5. A second such signal ends it at once; SIGXCPU, which comes again by itself,
/// does not.
void stop_on_signals(const std::string& message);
/// Tells whether such a signal has come. Thread-safe.
[[nodiscard]] bool stop_requested() noexcept;

/// Dooms a file: it is removed if the process does not come to its end. Doomed are partial files of
/// outputs and reports, and journals. Call these three functions from one thread.
void set_doomed_file(const std::string& path);
/// Spares a doomed file when the process is stopped. With `output_failures`, also when it crashes
/// after writing an output failed.
void spare_when_stopped(const std::string& path, bool output_failures) noexcept;
/// Ends what set_doomed_file() began.
void clear_doomed_file(const std::string& path) noexcept;

}  // namespace pal
