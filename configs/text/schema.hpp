// Parts of a JSON Schema (draft 2020-12), for the tables that a config is read by. Only for
// configs/.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace pal::yaml {

using Schema = nlohmann::ordered_json;

[[nodiscard]] Schema null_schema();
[[nodiscard]] Schema nullable(Schema schema);
/// One of these texts.
[[nodiscard]] Schema one_of_texts(const std::vector<std::string>& texts);
/// A map with any keys.
[[nodiscard]] Schema map_to(Schema values);
/// The map of fields of this name (configs/text/fields.hpp).
[[nodiscard]] Schema reference_to(const std::string& definition);

/// The values that a schema lists, as texts: without null, and without the torch. in front of what
/// is listed without it, too. Empty where it lists none.
[[nodiscard]] std::vector<std::string> listed_values(const Schema& schema);

}  // namespace pal::yaml
