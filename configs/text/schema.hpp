// Parts of a JSON Schema (draft 2020-12), for the tables that configs are read by.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pal::yaml {

using Schema = nlohmann::ordered_json;

[[nodiscard]] Schema null_schema();
[[nodiscard]] Schema nullable(Schema schema);
/// Schema of one of these texts.
[[nodiscard]] Schema one_of_texts(const std::vector<std::string>& texts);
/// Schema of a map with any keys.
[[nodiscard]] Schema map_to(Schema values);
/// Reference to the definition of a FieldMap (configs/text/fields.hpp).
[[nodiscard]] Schema reference_to(const std::string& definition);

/// Returns the values that a schema lists, as texts. Leaves out null and names that begin with
/// "torch.", which are listed without it too. Empty if the schema lists no values.
[[nodiscard]] std::vector<std::string> listed_values(const Schema& schema);

}  // namespace pal::yaml
