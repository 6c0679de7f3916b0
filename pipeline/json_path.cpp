#include "pipeline/json_path.hpp"

#include <fmt/format.h>

#include <charconv>

namespace pal {

namespace {

/// The length of the UTF-8 character that `text` begins with; 0: there is none. Overlong forms,
/// surrogates and what lies beyond U+10FFFF are none.
std::size_t character_bytes(std::string_view text) noexcept {
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

std::string unescaped(std::string_view text) {
    std::string path;
    while (!text.empty()) {
        unsigned value = 0;
        const bool escape =
            text.size() >= 4 && text.starts_with("\\x") &&
            std::from_chars(text.data() + 2, text.data() + 4, value, 16).ptr == text.data() + 4;
        path += escape ? static_cast<char>(value) : text[0];
        text.remove_prefix(escape ? 4 : 1);
    }
    return path;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0) return false;
        text.remove_prefix(bytes);
    }
    return true;
}

std::string escaped_path(std::string_view path) {
    if (is_utf8(path)) return std::string(path);
    std::string text;
    while (!path.empty()) {
        const std::size_t bytes = path[0] == '\\' ? 0 : character_bytes(path);
        text += bytes == 0 ? fmt::format("\\x{:02x}", static_cast<unsigned char>(path[0]))
                           : std::string(path.substr(0, bytes));
        path.remove_prefix(bytes == 0 ? 1 : bytes);
    }
    return text;
}

void put_path(nlohmann::ordered_json& object, std::string_view path) {
    object["path"] = escaped_path(path);
    if (!is_utf8(path)) object["path_escaped"] = true;
}

std::string path_of(const nlohmann::ordered_json& object) {
    const auto path = object.find("path");
    if (path == object.end() || !path->is_string()) return "";
    const auto text = path->get<std::string>();
    const auto escaped = object.find("path_escaped");
    const bool is_escaped =
        escaped != object.end() && escaped->is_boolean() && escaped->get<bool>();
    return is_escaped ? unescaped(text) : text;
}

}  // namespace pal
