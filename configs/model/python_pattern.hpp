// Regular expressions as Python's `re` reads them. coreai_opt's configs are written for it, and
// PCRE2 gives other meanings to some of the same texts: `\v`, `\Z`, `d{,4}`, `[[:alpha:]]`.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Returns a PCRE2 expression, for UTF-8 without options, that matches what `expression` matches in
/// Python 3.11 to 3.13. Names of groups become numbers. `expression` is UTF-8.
/// Throws Error(kUsage) with the reason and the offset where Python refuses the expression. Does
/// the same for the few parts that PCRE2 cannot express: flag a, and \N{...}.
/// Left to PCRE2, which refuses them with its own message: lookbehinds without one length, numbers
/// above 65535.
[[nodiscard]] std::string pcre2_from_python(std::string_view expression);

}  // namespace pal
