// Standard input, output and error as the program may find them.
#pragma once

namespace pal {

/// Gives the numbers 0 to 2 to /dev/null, open for reading, where the program was started without
/// them: a file that is opened later would get them, and what is printed would go into it. Writing
/// to them stays an error. To be called before any file is opened.
void open_missing_standard_streams() noexcept;

}  // namespace pal
