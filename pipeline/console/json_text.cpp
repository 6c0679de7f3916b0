#include "pipeline/console/json_text.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace pal {

using Json = nlohmann::ordered_json;

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace pal
