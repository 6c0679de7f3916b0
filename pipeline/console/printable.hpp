// Names from a file as a terminal may show them.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Control characters and bytes that are no UTF-8 text as \xNN: a name must not end the line that
/// it is shown in, nor move the cursor or paint the terminal.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace pal
