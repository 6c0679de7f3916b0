#include "pipeline/report/report_detail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/console/json_text.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// Rounds to significant digits, so that the text is shorter.
double rounded(double value, int digits) {
    return std::strtod(fmt::format("{:.{}e}", value, digits - 1).c_str(), nullptr);
}

/// Returns `largest` / `steps`; 1 if that is 0 or not finite.
double unit_of(double largest, double steps) {
    const double unit = largest / steps;
    return unit > 0 && std::isfinite(unit) ? rounded(unit, 9) : 1;
}

Json in_units(const std::vector<double>& values, double unit) {
    Json numbers = Json::array();
    for (const double value : values) {
        const double number = std::round(value / unit);
        numbers.push_back(std::abs(number) < 1e15 ? Json(static_cast<std::int64_t>(number))
                                                  : Json(nullptr));
    }
    return numbers;
}

double largest_magnitude(const std::vector<GroupDetail>& groups) {
    double largest = 0;
    for (const GroupDetail& group : groups) {
        for (const double entry : group.lut) largest = std::max(largest, std::abs(entry));
    }
    return largest;
}

}  // namespace

DetailLimits detail_limits(std::size_t tensor_count) noexcept {
    const std::size_t share = 64'000 / std::max<std::size_t>(1, tensor_count);
    DetailLimits limits;
    limits.strips = std::clamp<std::size_t>(share, 64, limits.strips);
    limits.lut_values = std::clamp<std::size_t>(2 * share, 64, limits.lut_values);
    return limits;
}

Json detail_json(const TensorDetail& detail) {
    const double lut_unit = unit_of(largest_magnitude(detail.groups), 99'999);
    const double mse_unit =
        unit_of(*std::max_element(detail.strip_mse.begin(), detail.strip_mse.end()), 9'999);
    Json json{{"low", rounded(detail.low, 7)},
              {"high", rounded(detail.high, 7)},
              {"scaled", detail.scaled},
              {"histogram", detail.histogram},
              {"groups_per_strip", detail.groups_per_strip},
              {"mse_unit", mse_unit},
              {"strip_mse", in_units(detail.strip_mse, mse_unit)},
              {"lut_unit", lut_unit}};
    json["groups"] = Json::array();
    for (const GroupDetail& group : detail.groups) {
        json["groups"].push_back({{"group", group.group},
                                  {"mse", number_or_null(rounded(group.mse, 4))},
                                  {"lut", in_units(group.lut, lut_unit)}});
    }
    return json;
}

}  // namespace pal
