// Text in man(7), the language of man pages.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Escapes text so that roff shows it letter by letter, on one line: line ends become spaces.
/// Hyphens stay hyphens, which can be copied to a shell. No line becomes a request. Safe also as a
/// macro's argument between quotes.
[[nodiscard]] std::string roff_text(std::string_view text);

}  // namespace pal
