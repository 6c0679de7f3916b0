// Whole numbers in text.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace pal {

/// The number that `text` consists of, in decimal digits. Returns nothing for anything else: a
/// sign, white space, no digits, or a number above 2^64 - 1.
[[nodiscard]] inline std::optional<std::uint64_t> decimal_number(std::string_view text) noexcept {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace pal
