// The project's one error type. User errors are thrown as pal::Error. The text tells the user what
// went wrong, where, what was found, what is allowed and what to do. Bugs are no Errors: PAL_ASSERT
// aborts.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pal {

/// Exit codes of the program. An Error carries the code that it leads to.
enum class ErrorCode : int { kCheckFailed = 1, kUsage = 2, kInput = 3, kOutput = 4, kStopped = 5 };

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

/// Prints the broken condition with its place and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace pal

#define PAL_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::pal::assertion_failed(#condition, __FILE__, __LINE__))
