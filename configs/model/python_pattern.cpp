#include "configs/model/python_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

#include "configs/model/pattern_source.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::string_view kSpaces = " \t\n\r\v\f";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kOctalDigits = "01234567";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kQuotedCharacters = "\\^$.[]|()?*+{}-#:=";
/// Insides of classes: str.isspace() of Python, and all else. PCRE2's \s has other characters.
constexpr std::string_view kSpace =
    "\\t-\\r\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"
    "\\x{202f}\\x{205f}\\x{3000}";
constexpr std::string_view kNoSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-"
    "\\x{10ffff}";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// True for what Python takes as the name of a group. Other bytes than ASCII count as letters.
bool is_identifier(std::string_view name) {
    const auto fits = [](char c) {
        return is_letter(c) || contains(kDigits, c) || c == '_' || static_cast<signed char>(c) < 0;
    };
    return !name.empty() && !contains(kDigits, name[0]) && std::ranges::all_of(name, fits);
}

/// Decides whether a quantifier may follow.
enum class Item { kNone, kAnchor, kRepeat, kOther };

class Translator : PatternSource {
  public:
    explicit Translator(std::string_view expression) : PatternSource(expression) {}

    std::string run() {
        while (!at_end()) step();
        if (open_.size() > 1) fail("unterminated group", open_.back().begin);
        for (const auto& [number, place] : conditions_) {
            if (number >= group_count_) fail(fmt::format("there is no group {}", number), place);
        }
        return std::move(out_);
    }

  private:
    struct Level {
        std::size_t begin = 0;   // offset of its parenthesis
        std::size_t number = 0;  // of a group that captures; 0: none
        bool verbose = false;    // flag x
        std::string_view closing = ")";
    };
    struct Member {
        std::optional<std::uint32_t> character;  // empty: a class such as \d
        std::string out;
    };

    void put(std::string_view text, Item item) {
        out_ += text;
        item_ = item;
    }

    static std::string literal(std::uint32_t code) {
        if (code < ' ' || code > '~') return fmt::format("\\x{{{:x}}}", code);
        const char c = static_cast<char>(code);
        return contains(kQuotedCharacters, c) ? std::string{'\\', c} : std::string(1, c);
    }

    void step() {
        const char c = text_[at_];
        if (open_.back().verbose && (contains(kSpaces, c) || c == '#')) {
            skip_unread();
        } else if (contains("*+?{", c) && take_quantifier()) {
            return;
        } else if (c == '\\') {
            take_escape();
        } else if (c == '[') {
            take_class();
        } else if (c == '(') {
            take_open();
        } else if (c == ')') {
            take_close();
        } else if (c == '|') {
            ++at_;
            first_branch_ = first_branch_ && open_.size() > 1;
            put("|", Item::kNone);
        } else if (c == '^' || c == '$') {
            ++at_;
            put(std::string(1, c), Item::kAnchor);
        } else if (c == '.') {
            ++at_;
            put(".", Item::kOther);
        } else {
            put(literal(take_character()), Item::kOther);
        }
    }

    /// Skips a space or a comment under flag x.
    void skip_unread() {
        if (text_[at_++] != '#') return;
        while (!at_end() && text_[at_] != '\n') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_ + 1, text_.size());
    }

    /// Returns false for a brace that begins no quantifier.
    bool take_quantifier() {
        const std::size_t begin = at_;
        std::string out(1, text_[at_++]);
        if (out == "{") {
            if (next_is('}')) return at_ = begin, false;
            const std::string_view low = take_while(kDigits, text_.size());
            const bool comma = take_if(',');
            const std::string_view high = comma ? take_while(kDigits, text_.size()) : low;
            if (!take_if('}')) return at_ = begin, false;
            if (!high.empty() && number_of(high) < number_of(low))
                fail("the repetition's end is below its beginning", begin);
            out = low.empty() ? "{0" : "{" + std::string(low);
            out += comma || low.empty() ? "," + std::string(high) + "}" : "}";
        }
        if (item_ == Item::kNone || item_ == Item::kAnchor) fail("nothing to repeat", begin);
        if (item_ == Item::kRepeat) fail("a repetition is repeated", begin);
        if (next_is('?') || next_is('+')) out += text_[at_++];
        put(out, Item::kRepeat);
        return true;
    }

    /// Reads the code of an escape with `digits` hexadecimal digits.
    std::uint32_t take_hex(std::size_t digits, std::size_t begin) {
        const std::string_view hex = take_while(kHexDigits, digits);
        if (hex.size() < digits) {
            fail(fmt::format("incomplete escape {}", text_.substr(begin, at_ - begin)), begin);
        }
        std::uint32_t code = 0;
        std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        if (code > 0x10FFFF) fail("no character has this code", begin);
        if (code >= 0xD800 && code <= 0xDFFF) fail("surrogates are in no name", begin);
        return code;
    }

    std::uint32_t take_octal(std::size_t begin) {
        const std::string_view digits = take_while(kOctalDigits, 3);
        std::uint32_t code = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 8);
        if (code > 0377) fail("an octal escape is above \\377", begin);
        return code;
    }

    /// Reads the rest of an escape that stands for one character, in a class or outside. Returns
    /// nothing for all others.
    std::optional<std::uint32_t> take_character_escape(std::size_t begin) {
        constexpr std::string_view kNamed = "a\af\fn\nr\rt\tv\v";
        if (at_end()) fail("a backslash ends the expression", begin);
        const char c = text_[at_];
        if (!is_letter(c) && !contains(kDigits, c)) return take_character();
        const std::size_t named = kNamed.find(c);
        if (named != std::string_view::npos) return ++at_, kNamed[named + 1];
        const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits > 0) return ++at_, take_hex(digits, begin);
        if (c == '0') return take_octal(begin);
        if (c == 'N') fail("\\N{...} is not supported; write the character itself", begin);
        return std::nullopt;
    }

    [[noreturn]] void fail_of_escape(std::size_t begin) const {
        fail(fmt::format("Python has no escape {} here", text_.substr(begin, 2)), begin);
    }

    void take_escape() {
        const std::size_t begin = at_++;
        if (const auto code = take_character_escape(begin))
            return put(literal(*code), Item::kOther);
        const char c = text_[at_];
        if (contains(kDigits, c)) return take_number(begin);
        ++at_;
        switch (c) {
            case 'A':
            case 'b':
                return put(text_.substr(begin, 2), Item::kAnchor);
            case 'Z':
                return put("\\z", Item::kAnchor);
            case 'B':  // not in an empty text
                return put("(?!\\A\\z)\\B", Item::kAnchor);
            case 's':
                return put(fmt::format("[{}]", kSpace), Item::kOther);
            case 'S':
                return put(fmt::format("[{}]", kNoSpace), Item::kOther);
            case 'd':
            case 'D':
            case 'w':
            case 'W':
                return put(text_.substr(begin, 2), Item::kOther);
            default:
                fail_of_escape(begin);
        }
    }

    /// Reads \1 to \99, a reference to a group, or \101, a character.
    void take_number(std::size_t begin) {
        const std::string_view three = text_.substr(at_, 3);
        if (three.size() == 3 &&
            std::ranges::all_of(three, [](char c) { return contains(kOctalDigits, c); })) {
            return put(literal(take_octal(begin)), Item::kOther);
        }
        put_reference(number_of(take_while(kDigits, 2)), begin);
    }

    [[nodiscard]] static std::size_t number_of(std::string_view digits) {
        std::size_t number = 0;
        const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return result.ec == std::errc::result_out_of_range ? std::string_view::npos : number;
    }

    void put_reference(std::size_t number, std::size_t begin) {
        if (number >= group_count_) fail(fmt::format("there is no group {}", number), begin);
        for (const Level& level : open_) {
            if (level.number == number)
                fail(fmt::format("group {} is referred to before it ends", number), begin);
        }
        put(fmt::format("\\g{{{}}}", number), Item::kOther);
    }

    Member take_member(std::size_t class_begin) {
        if (at_end()) fail("unterminated class", class_begin);
        if (!next_is('\\')) {
            const std::uint32_t code = take_character();
            return {code, literal(code)};
        }
        const std::size_t begin = at_++;
        if (const auto code = take_character_escape(begin)) return {code, literal(*code)};
        const char c = text_[at_];
        if (contains(kOctalDigits, c)) {
            const std::uint32_t code = take_octal(begin);
            return {code, literal(code)};
        }
        ++at_;
        if (c == 'b') return {'\b', literal('\b')};
        if (c == 's') return {std::nullopt, std::string(kSpace)};
        if (c == 'S') return {std::nullopt, std::string(kNoSpace)};
        if (contains("dDwW", c)) return {std::nullopt, std::string{'\\', c}};
        fail_of_escape(begin);
    }

    void take_class() {
        const std::size_t begin = at_++;
        std::string out = take_if('^') ? "[^" : "[";
        for (bool first = true; first || !next_is(']'); first = false) {
            const std::size_t place = at_;
            const Member low = take_member(begin);
            out += low.out;
            if (!next_is('-')) continue;
            ++at_;
            if (next_is(']')) {
                out += "\\-";
                break;
            }
            const Member high = take_member(begin);
            if (!low.character || !high.character || *high.character < *low.character) {
                fail(fmt::format("bad range {}", text_.substr(place, at_ - place)), place);
            }
            out += "-" + high.out;
        }
        ++at_;
        put(out + "]", Item::kOther);
    }

    void open(std::string_view out, std::size_t begin, bool captures, bool verbose) {
        open_.push_back({begin, captures ? group_count_++ : 0, verbose});
        put(out, Item::kNone);
    }

    void take_open() {
        const std::size_t begin = at_++;
        const bool verbose = open_.back().verbose;
        if (!take_if('?')) return open("(", begin, true, verbose);
        const char c = take("a group");
        if (c == ':' || c == '=' || c == '!' || c == '>')
            return open(std::string("(?") + c, begin, false, verbose);
        if (c == '#') return (void)take_until(')');
        if (c == 'P') return take_named(begin);
        if (c == '(') return take_condition(begin);
        if (c == '<' && (next_is('=') || next_is('!'))) {
            // PCRE2 accepts alternatives of different lengths, but not inside a group.
            open(fmt::format("(?<{}(?:", text_[at_++]), begin, false, verbose);
            open_.back().closing = "))";
            return;
        }
        if (contains("aiLmsux-", c)) return --at_, take_flags(begin);
        fail(fmt::format("Python has no group (?{}", c), begin);
    }

    void take_named(std::size_t begin) {
        const bool defines = take_if('<');
        if (!defines && !take_if('=')) fail("Python has (?P<name>...) and (?P=name) only", begin);
        const std::string name(take_until(defines ? '>' : ')'));
        if (!is_identifier(name)) fail(fmt::format("'{}' is no name of a group", name), begin);
        const auto found = numbers_.find(name);
        if (defines) {
            if (found != numbers_.end()) fail(fmt::format("group {} is there twice", name), begin);
            numbers_.emplace(name, group_count_);
            return open("(", begin, true, open_.back().verbose);
        }
        if (found == numbers_.end()) fail(fmt::format("there is no group {}", name), begin);
        put_reference(found->second, begin);
    }

    void take_condition(std::size_t begin) {
        const std::string name(take_until(')'));
        std::size_t number = 0;
        if (is_identifier(name)) {
            const auto found = numbers_.find(name);
            if (found == numbers_.end()) fail(fmt::format("there is no group {}", name), begin);
            number = found->second;
        } else {
            const bool digits = name.find_first_not_of(kDigits) == std::string::npos;
            number = digits ? number_of(name) : 0;
            if (number == 0) fail(fmt::format("'{}' names no group", name), begin);
            conditions_.emplace_back(number, begin);
        }
        open(fmt::format("(?({})", number), begin, false, open_.back().verbose);
    }

    void take_flags(std::size_t begin) {
        const std::string_view on = take_while("aiLmsux", text_.size());
        std::string_view off;
        const bool has_off = take_if('-');
        if (has_off) off = take_while("imsx", text_.size());
        const char end = take(": or )");
        if (!(end == ':' || (end == ')' && !has_off)) || (has_off && off.empty()) ||
            off.find_first_of(on) != std::string_view::npos) {
            fail(fmt::format("bad flags {}", text_.substr(begin, at_ - begin)), begin);
        }
        if (contains(on, 'a'))
            fail("flag a is not supported; write [0-9] for \\d, [A-Za-z0-9_] for \\w", begin);
        if (contains(on, 'L')) fail("flag L is for bytes", begin);
        const auto kept = [](std::string_view flags) {
            std::string passed(flags);
            std::erase_if(passed, [](char c) { return c == 'u' || c == 'x'; });
            return passed;
        };
        if (end == ')') return take_global_flags(kept(on), contains(on, 'x'), begin);
        const bool verbose = (open_.back().verbose || contains(on, 'x')) && !contains(off, 'x');
        const std::string minus = kept(off).empty() ? "" : "-" + kept(off);
        open("(?" + kept(on) + minus + ":", begin, false, verbose);
    }

    void take_global_flags(const std::string& flags, bool verbose, std::size_t begin) {
        if (open_.size() > 1 || !first_branch_ || item_ != Item::kNone)
            fail("flags for all of the expression stand at its beginning", begin);
        if (verbose) open_.back().verbose = true;
        if (!flags.empty()) out_ += "(?" + flags + ")";
    }

    void take_close() {
        if (open_.size() == 1) fail("unbalanced parenthesis", at_);
        ++at_;
        put(open_.back().closing, Item::kOther);
        open_.pop_back();
    }

    std::string out_ = {};
    Item item_ = Item::kNone;
    bool first_branch_ = true;  // before the first | outside of groups
    std::vector<Level> open_{Level{}};
    std::size_t group_count_ = 1;  // with group 0, the whole match
    std::map<std::string, std::size_t> numbers_ = {};
    std::vector<std::pair<std::size_t, std::size_t>> conditions_ = {};  // number, offset
};

}  // namespace

std::string pcre2_from_python(std::string_view expression) { return Translator(expression).run(); }

}  // namespace pal
