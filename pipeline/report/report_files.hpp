// The report of several files together: as JSON, and as the line under the tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "pipeline/report/file_result.hpp"

namespace pal {

/// One of the files. `plan` and `result` outlive it.
struct FileReport {
    std::string name;   ///< below the folder of outputs
    std::string input;  ///< path of the file
    const Plan* plan = nullptr;
    const FileResult* result = nullptr;  ///< null for `plan`
};

struct FilesSummary {
    std::vector<std::string> warnings;  ///< about all files together
    std::optional<WidthChoice> widths;
    std::optional<double> wall_seconds;  ///< none for `plan`
};

/// Returns {"totals": {...}, "files": [...]}; docs/report.md lists the keys.
[[nodiscard]] std::string files_report_json(const std::vector<FileReport>& files,
                                            const FilesSummary& summary);

/// Returns "3 files, 12 tensors: ..."; further lines for widths and for the sizes of a run.
[[nodiscard]] std::string files_total(const std::vector<FileReport>& files,
                                      const FilesSummary& summary);

}  // namespace pal
