#include "pipeline/console/printable.hpp"

#include <fmt/format.h>

#include "configs/model/utf8.hpp"

namespace pal {

namespace {

/// Returns whether this is a control character of ASCII or Latin-1. The latter take two bytes in
/// UTF-8.
bool is_control(std::string_view character) noexcept {
    const auto first = static_cast<unsigned char>(character[0]);
    if (character.size() == 2) {
        return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
    }
    return first < 0x20 || first == 0x7F;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t bytes = utf8_character_bytes(text);
        const std::string_view character = text.substr(0, bytes == 0 ? 1 : bytes);
        if (bytes > 0 && !is_control(character)) {
            shown += character;
        } else {
            for (const char byte : character)
                shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        }
        text.remove_prefix(character.size());
    }
    return shown;
}

}  // namespace pal
