#include "configs/model/fixed_ends.hpp"

#include <algorithm>
#include <cctype>

#include "configs/model/pattern_source.hpp"

namespace pal {

namespace {

constexpr std::string_view kMeta = "\\^$[]|()?*+{}";
/// Letters of escapes without an argument; the text behind such an escape is ordinary.
constexpr std::string_view kLoneEscapes = "dDwWsShHvVRbBAzZntrfea";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) >= 0; });
}

/// True for alternatives, verbs, and groups with options or comments: these change the meaning of
/// the text behind them.
bool is_beyond_telling(std::string_view expression) {
    if (has(expression, "|") || has(expression, "(*")) return true;
    for (std::size_t at = expression.find("(?"); at != std::string_view::npos;
         at = expression.find("(?", at + 1)) {
        const std::string_view group = expression.substr(at + 2);
        if (!group.starts_with(':') && !group.starts_with('=') && !group.starts_with('!') &&
            !group.starts_with("<=") && !group.starts_with("<!")) {
            return true;
        }
    }
    return false;
}

struct Token {
    std::size_t length = 1;
    bool literal = false;  // stands for the character `value`
    char value = 0;
    bool known = true;  // false: an escape of unknown meaning
};

Token token_at(std::string_view rest) {
    const char c = rest[0];
    if (c == '.') return {1, true, FixedEnds::kAny, true};
    if (c != '\\') return {1, kMeta.find(c) == std::string_view::npos, c, true};
    if (rest.size() < 2) return {1, false, 0, false};
    if (!is_word(rest[1])) return {2, true, rest[1], true};
    return {2, false, 0, kLoneEscapes.find(rest[1]) != std::string_view::npos};
}

bool is_quantified(std::string_view rest) {
    return !rest.empty() && std::string_view("?*+{").find(rest[0]) != std::string_view::npos;
}

bool fits(char fixed, char found) { return fixed == found || fixed == FixedEnds::kAny; }

}  // namespace

bool FixedEnds::allow(std::string_view text) const {
    if (text.size() < prefix.size() || text.size() < suffix.size()) return false;
    if (fit(text)) return true;
    // A character of several bytes moves the text behind a kAny.
    return (contains(prefix, kAny) || contains(suffix, kAny)) && !is_ascii(text);
}

bool FixedEnds::fit(std::string_view text) const {
    // Compares from the inner end of each, since names differ late ("layers.17.fc").
    for (std::size_t i = prefix.size(); i > 0; --i) {
        if (!fits(prefix[i - 1], text[i - 1])) return false;
    }
    const std::string_view tail = text.substr(text.size() - suffix.size());
    for (std::size_t i = 0; i < suffix.size(); ++i) {
        if (!fits(suffix[i], tail[i])) return false;
    }
    return true;
}

FixedEnds fixed_ends(std::string_view expression) {
    if (is_beyond_telling(expression)) return {};
    FixedEnds ends;
    bool in_prefix = true;
    ends.literal = true;
    while (!expression.empty()) {
        const Token token = token_at(expression);
        expression.remove_prefix(token.length);
        // The text behind an unknown escape may be its argument: the suffix is unknown.
        if (!token.known) return {ends.prefix, "", false};
        if (token.literal && !is_quantified(expression)) {
            ends.suffix += token.value;
            if (in_prefix) ends.prefix += token.value;
            if (token.value == FixedEnds::kAny) ends.literal = false;
        } else {
            ends.suffix.clear();
            in_prefix = false;
            ends.literal = false;
        }
    }
    return ends;
}

}  // namespace pal
