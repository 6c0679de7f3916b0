#include "pipeline/console/printable.hpp"

#include <fmt/format.h>

#include <cstdint>

#include "configs/model/utf8.hpp"

namespace pal {

namespace {

/// Returns whether a character controls what is shown: control characters of ASCII and Latin-1,
/// marks and embeddings of text from right to left, separators of lines and paragraphs.
bool is_control(std::uint32_t code) noexcept {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t bytes = utf8_character_bytes(text);
        const std::string_view character = text.substr(0, bytes == 0 ? 1 : bytes);
        if (bytes > 0 && !is_control(utf8_code_point(text, bytes))) {
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
