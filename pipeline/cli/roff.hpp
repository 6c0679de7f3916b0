// Text in man(7), the language of man pages.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// `text` as roff shows it letter by letter: backslashes, hyphens (which would become dashes that
/// cannot be copied to a shell), quotes, and dots and quotes that would make a line a request.
/// Safe as a macro's argument between quotes, too. One line: line ends become spaces.
[[nodiscard]] std::string roff_text(std::string_view text);

}  // namespace pal
