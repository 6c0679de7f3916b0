// Handles standard streams that are missing, closed or full.
#pragma once

#include <string>

namespace pal {

/// Opens /dev/null for each of the descriptors 0 to 2 that the program was started without. A file
/// that is opened later would get the number, and printed text would go into it. The descriptors
/// are open for reading only, so that writing stays an error. Called before any file is opened.
void open_missing_standard_streams() noexcept;

/// Prints the text of a command whose output is in place. Throws Error(kOutput), which says that
/// `output` is complete, if standard output cannot be written.
void print_when_done(const std::string& text, const std::string& output);

/// Returns whether the reader of standard output has gone, as behind `| head`.
[[nodiscard]] bool reader_of_stdout_is_gone() noexcept;

}  // namespace pal
