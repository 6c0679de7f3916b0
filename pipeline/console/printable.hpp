// Makes names from files safe to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Replaces control characters, those that change the direction of text, and bytes that are not
/// UTF-8 by \xNN. A name must not end its line, move the cursor, change the colours or look like
/// another one.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace pal
