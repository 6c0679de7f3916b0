#include "pipeline/console/json_path.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "configs/model/utf8.hpp"

namespace pal {

namespace {

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

std::string escaped_path(std::string_view path) {
    if (is_utf8(path)) return std::string(path);
    std::string text;
    while (!path.empty()) {
        const std::size_t bytes = path[0] == '\\' ? 0 : utf8_character_bytes(path);
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
