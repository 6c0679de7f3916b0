// What the program says about several files together: the JSON report and the line under the
// tables.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/inputs/inputs.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// The report of one of the files, as report_json() made it.
struct FileReport {
    std::string name;   // below the folder of outputs
    std::string input;  // its path
    nlohmann::ordered_json report;
    bool kept = false;  // done by an earlier run
};
[[nodiscard]] FileReport file_report(const InputFile& file, const std::string& report_json,
                                     bool kept = false);

struct FilesSummary {
    std::vector<std::string> warnings;  // of all files together
    std::optional<WidthChoice> widths;
    std::optional<double> wall_seconds;  // of a run
};

/// {"totals": {...}, "files": [...]}; docs/report.md lists the keys.
[[nodiscard]] std::string files_report_json(const std::vector<FileReport>& files,
                                            const FilesSummary& summary);

/// "3 files, 12 tensors: ..."; one line, or one for each of tensors, widths and files.
[[nodiscard]] std::string files_total(const std::vector<FileReport>& files,
                                      const FilesSummary& summary);

/// Bytes of the floating-point tensors as they are stored, by a report.
[[nodiscard]] std::uint64_t stored_bytes_of(const FileReport& file);

}  // namespace pal
