// What still happens when the process is ended by a signal: the temporary is removed, and a crash
// becomes an error message.
#pragma once

#include <string>

namespace pal {

/// Also where a library calls exit (HDF5 1.10.8 does when memory is short), before expect_exit().
/// From now on SIGINT, SIGTERM and the others that end a process remove the temporary, but what is
/// spared when it is stopped, before they do, and a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
/// SIGABRT) removes it, says on stderr what happened and exits with 3: HDF5 1.10.8 crashes on some
/// damaged files. For the whole process; call it once, from main. Under a sanitizer crashes stay
/// the sanitizer's.
void contain_signals();
/// The program has come to its end: exit is no surprise any more.
void expect_exit() noexcept;

/// A stack that overflows leaves no room for the handler of the crash: gives the calling thread a
/// stack for it, until the thread ends. main gets one by contain_signals(); every other thread
/// that may call the library needs one. Calling it again costs nothing.
void contain_stack_overflow_of_this_thread();

/// An input that a crash is blamed on, by name, while it is open. Of more than two (the shards of
/// a merge) the one that was used last. From one thread.
class Suspect {
  public:
    /// Uses it.
    explicit Suspect(std::string input);
    ~Suspect();
    Suspect(const Suspect&) = delete;
    Suspect& operator=(const Suspect&) = delete;

  private:
    std::string input_;
};

/// The input is about to be read by the library. Thread-safe.
void use_suspect(const std::string& input);

/// An output that is being written, by name. A crash is blamed on it where the call that crashed
/// left errno with an error of a write (EIO: on the input or on it), and exits with 4: HDF5 1.10.8
/// crashes where a write fails inside H5Ocopy. From one thread.
class Output {
  public:
    explicit Output(std::string output);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

  private:
    std::string output_;
};

/// Ends the process for a call on the input that does not return, as a crash does: the temporary is
/// removed, stderr says which inputs are open, exit code 3. From any thread.
[[noreturn]] void give_up_on_input() noexcept;

/// Writing an output failed: HDF5 1.10.8 may crash when it closes that file, or later. From now on
/// a crash says `message` on stderr instead, unless it was said already, and exits with 4.
void blame_output_for_crash(const std::string& message);
/// The message of blame_output_for_crash reached the user.
void output_failure_was_said() noexcept;

/// A run that can be resumed: from now on SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU
/// (unless they are ignored) ask to stop, which stop_requested() tells. Four seconds later, or at a
/// second such signal (but SIGXCPU, which comes again by itself), the process removes its files,
/// but those that are spared, says `message` on stderr and exits with 5.
void stop_on_signals(const std::string& message);
[[nodiscard]] bool stop_requested() noexcept;

/// The files to remove: an output's temporary, its journal, a report's. From one thread.
void set_doomed_file(const std::string& path);
/// When the process is stopped this one stays; with `output_failures`, also when it crashes after
/// writing the output failed.
void spare_when_stopped(const std::string& path, bool output_failures) noexcept;
void clear_doomed_file(const std::string& path) noexcept;

}  // namespace pal
