// Paths in JSON. HDF5 names may hold any bytes, but JSON is UTF-8. Names that are not UTF-8 are
// escaped without loss (docs/format.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace pal {

/// Returns a UTF-8 path as it is. In any other path, bytes that are not UTF-8 and backslashes
/// become \xNN.
[[nodiscard]] std::string escaped_path(std::string_view path);

/// Sets "path", and "path_escaped": true if the path had to be escaped.
void put_path(nlohmann::ordered_json& object, std::string_view path);

/// Returns the path that put_path was given; empty if `object` has none.
[[nodiscard]] std::string path_of(const nlohmann::ordered_json& object);

}  // namespace pal
