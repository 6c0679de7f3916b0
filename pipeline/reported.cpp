#include "pipeline/reported.hpp"

#include <limits>

#include "pipeline/json_path.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

double number_or_infinity(const Json& tensor, const char* key) {
    const auto found = tensor.find(key);
    return found != tensor.end() && found->is_number() ? found->get<double>()
                                                       : std::numeric_limits<double>::infinity();
}

Reported reported_result(const Json& tensor) {
    Reported result;
    const auto engine = tensor.find("engine");
    if (engine != tensor.end() && *engine == "reference") result.engine = Engine::kReference;
    result.known = tensor.contains("mse");
    result.error = {number_or_infinity(tensor, "mse"), number_or_infinity(tensor, "sqnr_db"),
                    number_or_infinity(tensor, "max_abs_error")};
    const auto palette = tensor.find("palette_fingerprint");
    if (palette != tensor.end() && palette->is_string())
        result.palette = palette->get<std::string>();
    return result;
}

}  // namespace

std::map<std::string, Reported> reported_results(const std::string& results_json) {
    std::map<std::string, Reported> reported;
    const Json document = Json::parse(results_json, nullptr, false);
    if (!document.is_object()) return reported;
    const auto tensors = document.find("tensors");
    if (tensors == document.end() || !tensors->is_array()) return reported;
    for (const Json& tensor : *tensors) {
        if (tensor.is_object()) reported[path_of(tensor)] = reported_result(tensor);
    }
    return reported;
}

}  // namespace pal
