#include "configs/text/schema.hpp"

#include <utility>

namespace pal::yaml {

Schema null_schema() { return {{"type", "null"}}; }

Schema nullable(Schema schema) {
    Schema either;
    either["anyOf"] = Schema::array({std::move(schema), null_schema()});
    return either;
}

Schema one_of_texts(const std::vector<std::string>& texts) { return {{"enum", texts}}; }

Schema map_to(Schema values) {
    Schema map{{"type", "object"}};
    map["additionalProperties"] = std::move(values);
    return map;
}

Schema reference_to(const std::string& definition) { return {{"$ref", "#/$defs/" + definition}}; }

std::vector<std::string> listed_values(const Schema& schema) {
    if (schema.contains("anyOf")) return listed_values(schema["anyOf"][0]);
    std::vector<std::string> values;
    if (!schema.contains("enum")) return values;
    for (const Schema& value : schema["enum"]) {
        if (value.is_number()) values.push_back(value.dump());
        if (value.is_string() && !value.get<std::string>().starts_with("torch."))
            values.push_back(value.get<std::string>());
    }
    return values;
}

}  // namespace pal::yaml
