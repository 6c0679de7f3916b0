#include "configs/model/utf8.hpp"

#include <algorithm>

namespace pal {

std::size_t utf8_character_bytes(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead < 0xC2   ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) return 0;
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
    const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t bytes = utf8_character_bytes(text);
        if (bytes == 0) return false;
        text.remove_prefix(bytes);
    }
    return true;
}

std::uint32_t utf8_code_point(std::string_view text, std::size_t bytes) noexcept {
    std::uint32_t code = static_cast<unsigned char>(text[0]);
    if (bytes > 1) code &= 0x7FU >> bytes;
    for (std::size_t i = 1; i < bytes; ++i)
        code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    return code;
}

std::string as_utf8(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t bytes = utf8_character_bytes(text);
        if (bytes > 0) {
            result += text.substr(0, bytes);
        } else {
            const auto byte = static_cast<unsigned char>(text[0]);
            result += "\xF4\x8F";
            result += static_cast<char>(0xBCU | byte >> 6U);
            result += static_cast<char>(0x80U | (byte & 0x3FU));
        }
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return result;
}

}  // namespace pal
