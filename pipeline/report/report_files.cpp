#include "pipeline/report/report_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/plan/plan_text.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/totals.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

struct FilesTotals {
    TensorTotals tensors;
    std::uint64_t bytes_in = 0;  // of the files
    std::uint64_t bytes_out = 0;
};

FilesTotals sums_of(const std::vector<FileReport>& files) {
    FilesTotals totals;
    for (const FileReport& file : files) {
        totals.tensors.add(totals_of(*file.plan));
        if (file.result == nullptr) continue;
        totals.bytes_in += file.result->file_bytes_in;
        totals.bytes_out += file.result->file_bytes_out;
    }
    return totals;
}

}  // namespace

std::string files_report_json(const std::vector<FileReport>& files, const FilesSummary& summary) {
    const FilesTotals sums = sums_of(files);
    Json totals{{"files", files.size()}};
    totals.update(totals_json(sums.tensors));
    if (summary.wall_seconds) {
        totals["file_bytes_in"] = sums.bytes_in;
        totals["file_bytes_out"] = sums.bytes_out;
    }
    Json list = Json::array();
    for (const FileReport& file : files) {
        Json one;
        one["file"] = escaped_path(file.name);
        one["input"] = escaped_path(file.input);
        if (file.result != nullptr && file.result->kept) one["kept"] = true;
        one.update(report_document(*file.plan, file.result));
        list.push_back(std::move(one));
    }
    Json all;
    if (summary.wall_seconds) all["wall_seconds"] = *summary.wall_seconds;
    all["totals"] = std::move(totals);
    if (summary.widths) all["widths"] = widths_json(*summary.widths);
    if (!summary.warnings.empty()) all["warnings"] = summary.warnings;
    all["files"] = std::move(list);
    return json_document(all);
}

std::string files_total(const std::vector<FileReport>& files, const FilesSummary& summary) {
    const FilesTotals sums = sums_of(files);
    const auto kept = std::ranges::count_if(
        files, [](const FileReport& file) { return file.result != nullptr && file.result->kept; });
    std::string text = fmt::format("{} files, {}\n", files.size(), totals_for_people(sums.tensors));
    if (summary.widths) text += widths_for_people(*summary.widths);
    if (!summary.wall_seconds) {
        text += fmt::format("files {} -> about {}\n", bytes_for_people(sums.tensors.file_bytes_in),
                            bytes_for_people(sums.tensors.file_bytes_out));
    } else {
        text += fmt::format("files {} -> {} in {:.3f} s{}\n", bytes_for_people(sums.bytes_in),
                            bytes_for_people(sums.bytes_out), *summary.wall_seconds,
                            kept > 0 ? fmt::format(" ({} by an earlier run)", kept) : "");
    }
    return text;
}

}  // namespace pal
