// Which bytes are UTF-8 text.
#pragma once

#include <cstddef>
#include <string_view>

namespace pal {

/// The length of the UTF-8 character that `text`, not empty, begins with; 0: there is none.
/// Overlong forms, surrogates and what lies beyond U+10FFFF are none.
[[nodiscard]] std::size_t utf8_character_bytes(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace pal
