// JSON as text.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace pal {

/// Returns the text without a line end. Names from files may hold any bytes: those that are not
/// UTF-8 become U+FFFD. indent: spaces per level; -1: everything on one line.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

/// Returns the text of a whole document: indented by two spaces, with a line end.
[[nodiscard]] std::string json_document(const nlohmann::ordered_json& json);

/// Returns the number, or null for infinity, NaN and a missing number, which JSON does not have.
[[nodiscard]] nlohmann::ordered_json number_or_null(double value);
[[nodiscard]] nlohmann::ordered_json number_or_null(const std::optional<double>& value);

}  // namespace pal
