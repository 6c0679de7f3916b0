#include "pipeline/cli/roff.hpp"

namespace pal {

namespace {

std::string_view escaped(char letter) {
    switch (letter) {
        case '\\':
            return "\\e";
        case '-':
            return "\\-";
        case '"':
            return "\\(dq";
        case '\'':
            return "\\(aq";
        case '`':
            return "\\(ga";
        case '^':
            return "\\(ha";
        case '~':
            return "\\(ti";
        case '\n':
            return " ";
        default:
            return {};
    }
}

}  // namespace

std::string roff_text(std::string_view text) {
    std::string roff;
    if (text.starts_with('.')) roff = "\\&";
    for (const char letter : text) {
        const std::string_view escape = escaped(letter);
        escape.empty() ? roff += letter : roff += escape;
    }
    return roff;
}

}  // namespace pal
