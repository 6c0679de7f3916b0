// What every whole match of a regular expression begins and ends with, read off its text: most of
// many names are told apart by it without running the expression. Only for configs/.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Never longer than what is certain; empty where the text is not plain enough to tell.
struct FixedEnds {
    std::string prefix;    // kAny stands for any character: many write "layers.0" for "layers\\.0"
    std::string suffix;    // the same
    bool literal = false;  // the expression matches `prefix` and nothing else

    static constexpr char kAny = '\0';

    [[nodiscard]] bool allow(std::string_view text) const;
};

/// Of a valid PCRE2 expression without options.
[[nodiscard]] FixedEnds fixed_ends(std::string_view expression);

}  // namespace pal
