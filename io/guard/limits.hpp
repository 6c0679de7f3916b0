// Tells limits of the process and the machine from faults of a file and of the program.
#pragma once

#include <exception>
#include <string>

#include "stages/tensor/error.hpp"

namespace pal {

/// Returns what to do about the limit that a failed call met; nullptr where `error` (an errno)
/// tells of none. EAGAIN counts: only the start of a thread gives it here. Signal handlers may call
/// it.
[[nodiscard]] const char* limit_advice(int error) noexcept;

/// Returns the error of a failed call of the system: "text: reason". Where a limit was met the code
/// is kLimit, and the text says what to do.
[[nodiscard]] Error system_error(ErrorCode otherwise, const std::string& text, int error);

/// Returns the exception that is being handled as an Error: a lack of memory or threads is a
/// kLimit, and what nobody expected is kInternal. Call it in a catch block.
[[nodiscard]] Error handled_error();

/// Returns whether an exception says that no thread could be started.
[[nodiscard]] bool tells_of_threads(const std::exception& error) noexcept;

/// The end of each message about a fault of the program.
inline constexpr const char* kPleaseReport =
    "; please report it: the command line, this message, h5palettize --version and, where it may "
    "be shown, the input";

}  // namespace pal
