// Checks of UTF-8 text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pal {

/// Returns the bytes of the UTF-8 character that `text` begins with; `text` is not empty. Returns 0
/// for anything else, such as overlong forms, surrogates and code points above U+10FFFF.
[[nodiscard]] std::size_t utf8_character_bytes(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Returns the code point of the character that `text` begins with. bytes: utf8_character_bytes.
[[nodiscard]] std::uint32_t utf8_code_point(std::string_view text, std::size_t bytes) noexcept;

/// Returns `text` with each byte that is no UTF-8 replaced by a private character of its own,
/// U+10FF80 to U+10FFFF. Names in files may be in any encoding.
[[nodiscard]] std::string as_utf8(std::string_view text);

}  // namespace pal
