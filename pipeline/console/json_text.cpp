#include "pipeline/console/json_text.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace pal {

using Json = nlohmann::ordered_json;

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string json_document(const Json& json) { return json_text(json, 2) + "\n"; }

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json number_or_null(const std::optional<double>& value) {
    return value ? number_or_null(*value) : Json(nullptr);
}

}  // namespace pal
