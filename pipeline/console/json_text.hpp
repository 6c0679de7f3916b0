// JSON as the program writes it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace pal {

/// The document as text, without a line end. Names from files may hold any bytes: those that are
/// not UTF-8 become U+FFFD. indent: spaces per level; -1: everything on one line.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

/// The number, or null for infinity and NaN, which JSON does not have.
[[nodiscard]] nlohmann::ordered_json number_or_null(double value);

}  // namespace pal
