#include "pipeline/report_files.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pipeline/bytes_for_people.hpp"
#include "pipeline/json_path.hpp"
#include "pipeline/report.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// Sums over files of what their reports say.
struct Sums {
    std::uint64_t tensors = 0;
    std::uint64_t palettized = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t palettized_weights = 0;
    std::uint64_t palettized_bytes = 0;
    std::uint64_t file_bytes_in = 0;
    std::uint64_t file_bytes_out = 0;

    void add(const Json& report) {
        const Json& totals = report.at("totals");
        tensors += totals.at("tensors").get<std::uint64_t>();
        palettized += totals.at("palettized").get<std::uint64_t>();
        bytes_in += totals.at("bytes_in").get<std::uint64_t>();
        bytes_out += totals.at("bytes_out").get<std::uint64_t>();
        file_bytes_in += report.value("file_bytes_in", std::uint64_t{0});
        file_bytes_out += report.value("file_bytes_out", std::uint64_t{0});
        for (const Json& tensor : report.at("tensors")) {
            if (tensor.at("action") != "palettized") continue;
            std::uint64_t weights = 1;
            for (const Json& extent : tensor.at("shape")) weights *= extent.get<std::uint64_t>();
            palettized_weights += weights;
            palettized_bytes += tensor.at("bytes_out").get<std::uint64_t>();
        }
    }
    [[nodiscard]] double bits() const {
        return bits_per_weight(palettized_bytes, palettized_weights);
    }
};

Json totals_json(const Sums& sums, std::size_t files, bool of_run) {
    Json totals{{"files", files},
                {"tensors", sums.tensors},
                {"palettized", sums.palettized},
                {"dense", sums.tensors - sums.palettized},
                {"bytes_in", sums.bytes_in},
                {"bytes_out", sums.bytes_out},
                {"bits_per_weight", sums.bits()}};
    if (of_run) {
        totals["file_bytes_in"] = sums.file_bytes_in;
        totals["file_bytes_out"] = sums.file_bytes_out;
    }
    return totals;
}

}  // namespace

std::string files_report_json(const std::vector<FileReport>& files, const FilesSummary& summary) {
    Sums sums;
    Json list = Json::array();
    for (const FileReport& file : files) {
        const Json report = Json::parse(file.json);
        sums.add(report);
        Json one;
        one["file"] = escaped_path(file.name);
        one["input"] = escaped_path(file.input);
        if (file.kept) one["kept"] = true;
        one.update(report);
        list.push_back(std::move(one));
    }
    Json all;
    if (summary.wall_seconds) all["wall_seconds"] = *summary.wall_seconds;
    all["totals"] = totals_json(sums, files.size(), summary.wall_seconds.has_value());
    if (summary.widths) all["widths"] = widths_json(*summary.widths);
    if (!summary.warnings.empty()) all["warnings"] = summary.warnings;
    all["files"] = std::move(list);
    return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string files_total(const std::vector<FileReport>& files, const FilesSummary& summary) {
    Sums sums;
    std::size_t kept = 0;
    for (const FileReport& file : files) {
        sums.add(Json::parse(file.json));
        kept += file.kept ? 1 : 0;
    }
    std::string text = fmt::format(
        "{} files, {} tensors: {} palettized at {:.2f} bits per weight, {} dense; tensors {} -> "
        "{}\n",
        files.size(), sums.tensors, sums.palettized, sums.bits(), sums.tensors - sums.palettized,
        bytes_for_people(sums.bytes_in), bytes_for_people(sums.bytes_out));
    if (summary.widths) text += widths_for_people(*summary.widths);
    if (summary.wall_seconds) {
        text += fmt::format("files {} -> {} in {:.3f} s{}\n", bytes_for_people(sums.file_bytes_in),
                            bytes_for_people(sums.file_bytes_out), *summary.wall_seconds,
                            kept > 0 ? fmt::format(" ({} by an earlier run)", kept) : "");
    }
    return text;
}

std::uint64_t stored_bytes_of(const FileReport& file) {
    return Json::parse(file.json).at("totals").at("bytes_out").get<std::uint64_t>();
}

}  // namespace pal
