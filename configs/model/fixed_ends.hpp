// Text that every match of a regular expression begins and ends with. Most names fail on it, so
// the expression need not run.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Only the part that is certain; empty if the expression is too complex to tell.
struct FixedEnds {
    std::string prefix;    // may hold kAny: many write "layers.0" for "layers\\.0"
    std::string suffix;    // may hold kAny
    bool literal = false;  // the expression matches `prefix` and nothing else

    /// Stands for any character.
    static constexpr char kAny = '\0';

    /// False: the expression cannot match all of `text`.
    [[nodiscard]] bool allow(std::string_view text) const;

  private:
    [[nodiscard]] bool fit(std::string_view text) const;
};

/// Reads the fixed ends off a valid PCRE2 expression without options. Bytes above 127 stand in it
/// as escapes only.
[[nodiscard]] FixedEnds fixed_ends(std::string_view expression);

}  // namespace pal
