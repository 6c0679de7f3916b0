// A cursor over the text of a regular expression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pal {

[[nodiscard]] inline bool contains(std::string_view text, char c) {
    return text.find(c) != std::string_view::npos;
}

/// Base of a parser. All functions that take something move on behind it.
class PatternSource {
  public:
    explicit PatternSource(std::string_view text) : text_(text) {}

  protected:
    /// Throws Error(kUsage): "reason at offset N".
    [[noreturn]] static void fail(const std::string& reason, std::size_t offset);

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] bool next_is(char c) const { return !at_end() && text_[at_] == c; }
    [[nodiscard]] bool take_if(char c);
    /// Throws Error(kUsage) at the end; the message names what was `wanted`.
    [[nodiscard]] char take(std::string_view wanted);
    /// Takes up to `most` bytes, all of `allowed`.
    [[nodiscard]] std::string_view take_while(std::string_view allowed, std::size_t most);
    /// Takes and returns the text before `end`, and takes `end`. Throws Error(kUsage) without it.
    std::string_view take_until(char end);
    /// Takes one UTF-8 character. Throws Error(kUsage) for other bytes.
    [[nodiscard]] std::uint32_t take_character();

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace pal
