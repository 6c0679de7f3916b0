// Checks of UTF-8 text.
#pragma once

#include <cstddef>
#include <string_view>

namespace pal {

/// Returns the bytes of the UTF-8 character that `text` begins with; `text` is not empty. Returns 0
/// for anything else, such as overlong forms, surrogates and code points above U+10FFFF.
[[nodiscard]] std::size_t utf8_character_bytes(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace pal
