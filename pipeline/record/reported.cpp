#include "pipeline/record/reported.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "io/files/foreign_json.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/record/shard_record.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

double number_or_infinity(const Json& tensor, const char* key) {
    const auto found = tensor.find(key);
    return found != tensor.end() && found->is_number() ? found->get<double>()
                                                       : std::numeric_limits<double>::infinity();
}

std::string text_or_nothing(const Json& tensor, const char* key) {
    const auto found = tensor.find(key);
    return found != tensor.end() && found->is_string() ? found->get<std::string>() : "";
}

Reported reported_result(const Json& tensor) {
    Reported result;
    const auto engine = tensor.find("engine");
    if (engine != tensor.end() && *engine == "reference") result.engine = Engine::kReference;
    result.known = tensor.contains("mse");
    result.error = {number_or_infinity(tensor, "mse"), number_or_infinity(tensor, "sqnr_db"),
                    number_or_infinity(tensor, "max_abs_error")};
    result.palette = text_or_nothing(tensor, "palette_fingerprint");
    result.form = text_or_nothing(tensor, "form");
    return result;
}

/// Returns the objects in the array at `key`; none where it is something else.
std::vector<Json> objects_in(const std::string& results_json, const char* key) {
    Json document = json_or_null(results_json);
    std::vector<Json> objects;
    if (!document.is_object()) return objects;
    const auto found = document.find(key);
    if (found == document.end() || !found->is_array()) return objects;
    for (Json& value : *found) {
        if (value.is_object()) objects.push_back(std::move(value));
    }
    return objects;
}

}  // namespace

std::map<std::string, Reported> reported_results(const std::string& results_json) {
    std::map<std::string, Reported> reported;
    for (const Json& tensor : objects_in(results_json, "tensors"))
        reported[path_of(tensor)] = reported_result(tensor);
    return reported;
}

std::set<std::string> reported_drops(const std::string& results_json) {
    std::set<std::string> links;
    for (const Json& link : objects_in(results_json, "dropped")) links.insert(path_of(link));
    return links;
}

void require_palettized(const CheckpointInfo& file) {
    if (!file.palettized) {
        throw Error(ErrorCode::kInput, file.file +
                                           ": is not a palettized checkpoint (no "
                                           "h5palettize_complete); run makes one");
    }
    if (is_shard(file.results_json)) {
        throw Error(ErrorCode::kInput, file.file +
                                           ": is a shard of a palettized checkpoint; merge "
                                           "makes one of all of them");
    }
    if (file.external_link_count == 0) return;
    const auto reported = reported_results(file.results_json);
    std::size_t missing = 0;
    std::string first;
    for (const auto& [path, result] : reported) {
        if (std::ranges::binary_search(file.tensors, path, {}, &PalettizedTensorInfo::path))
            continue;
        if (missing++ == 0) first = path;
    }
    if (missing == 0) return;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {} of its {} tensors are not in this file, {} first; external "
                            "links are there, {}: --follow-external reads tensors behind them, "
                            "where those files are",
                            file.file, missing, reported.size(), first, file.first_external_link));
}

}  // namespace pal
