// The project's one error type. User errors are thrown as pal::Error. The text tells the user what
// went wrong, where, what was found, what is allowed and what to do. Bugs are no Errors: PAL_ASSERT
// aborts.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pal {

/// Exit codes of the program. An Error carries the code that it leads to.
enum class ErrorCode : int {
    kCheckFailed = 1,
    kUsage = 2,
    kInput = 3,
    kOutput = 4,
    kStopped = 5,
    kInternal = 70,  // a fault of the program; the number is that of sysexits.h
    kLimit = 71,     // a limit of memory, threads, open files or file sizes
};

/// Returns whether a run cannot go on after this error: no other tensor would fare better.
[[nodiscard]] constexpr bool ends_run(ErrorCode code) noexcept {
    return code == ErrorCode::kOutput || code == ErrorCode::kLimit;
}

class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }

    /// Returns the same error with "where: " in front of its text. where: a file or dataset path.
    [[nodiscard]] Error in(std::string_view where) const {
        return Error(code_, std::string(where) + ": " + what());
    }

  private:
    ErrorCode code_;
};

/// Is called for a broken condition: "CONDITION does not hold at FILE:LINE". Does not return.
using AssertionHandler = void (*)(const char* text);
/// Replaces what a failed assertion does. Without it the text is printed.
void set_assertion_handler(AssertionHandler handler) noexcept;

/// Calls the handler and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace pal

#define PAL_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::pal::assertion_failed(#condition, __FILE__, __LINE__))
