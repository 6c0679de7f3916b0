// Paths in JSON. HDF5 names may hold any bytes, JSON text is UTF-8: other names are escaped, so
// that they can be told apart and found again (docs/format.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace pal {

/// The text itself where it is UTF-8; else with bytes that are none, and backslashes, as \xNN.
[[nodiscard]] std::string escaped_path(std::string_view path);

/// Sets "path", and "path_escaped": true where it had to be escaped.
void put_path(nlohmann::ordered_json& object, std::string_view path);

/// What put_path was given; empty where `object` has no path.
[[nodiscard]] std::string path_of(const nlohmann::ordered_json& object);

}  // namespace pal
