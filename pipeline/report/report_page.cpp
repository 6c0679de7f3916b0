#include "pipeline/report/report_page.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "io/files/foreign_json.hpp"
#include "pipeline/console/json_text.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPlaceOfData = "{{data}}";

[[noreturn]] void refuse(const std::string& found) {
    throw Error(ErrorCode::kInput,
                "no report: " + found + "; wanted is what h5palettize run --report FILE writes");
}

Json parsed(std::string_view text) {
    try {
        return read_json(text);
    } catch (const Error& error) {
        refuse(error.what());
    }
}

/// Checks the keys that the page needs.
void check(const Json& report) {
    if (!report.is_object()) refuse("its JSON is no object");
    if (report.contains("files")) {
        throw Error(ErrorCode::kInput,
                    "is of several files, and a page is of one; jq '.files[0]' gives the report of "
                    "the first");
    }
    if (!report.contains("totals") || !report["totals"].is_object()) refuse("it has no totals");
    if (!report.contains("tensors") || !report["tensors"].is_array()) refuse("it has no tensors");
    for (const Json& tensor : report["tensors"]) {
        if (!tensor.is_object() || !tensor.contains("path") || !tensor["path"].is_string())
            refuse("a tensor has no path");
    }
}

/// Moves values that many tensors share into a list; each tensor keeps the index.
void share(Json& report, const char* key, const char* list) {
    std::map<std::string, std::size_t> places;
    Json values = Json::array();
    for (Json& tensor : report["tensors"]) {
        if (!tensor.contains(key)) continue;
        const std::string text = json_text(tensor[key]);
        const auto [place, is_new] = places.emplace(text, values.size());
        if (is_new) values.push_back(tensor[key]);
        tensor[key] = place->second;
    }
    report[list] = std::move(values);
}

/// Escapes JSON for a script element. Unescaped, `</script` or `<!--` would end it.
std::string for_script(const Json& json) {
    std::string safe;
    for (const char character : json_text(json)) {
        if (character == '<') {
            safe += "\\u003c";
        } else {
            safe += character;
        }
    }
    return safe;
}

}  // namespace

std::string report_page(std::string_view report_json) {
    Json report = parsed(report_json);
    check(report);
    share(report, "spec", "specs");
    share(report, "reason", "reasons");
    const std::string_view page = report_page_template();
    const std::size_t place = page.find(kPlaceOfData);
    PAL_ASSERT(place != std::string_view::npos);
    std::string text(page.substr(0, place));
    text += for_script(report);
    text += page.substr(place + kPlaceOfData.size());
    return text;
}

}  // namespace pal
