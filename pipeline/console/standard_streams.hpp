// Standard input, output and error as the program may find them: missing, closed, full.
#pragma once

#include <string>

namespace pal {

/// Gives the numbers 0 to 2 to /dev/null, open for reading, where the program was started without
/// them: a file that is opened later would get them, and what is printed would go into it. Writing
/// to them stays an error. To be called before any file is opened.
void open_missing_standard_streams() noexcept;

/// What a command prints when its output is in its place. Throws Error(kOutput), which says that
/// `output` is complete, where standard output cannot be written.
void print_when_done(const std::string& text, const std::string& output);

/// Whether nobody reads what is written to standard output any more, as behind `| head`.
[[nodiscard]] bool reader_of_stdout_is_gone() noexcept;

}  // namespace pal
