// The report of a batch as far as its files are done.
#pragma once

#include <vector>

#include "pipeline/report/report_files.hpp"
#include "pipeline/run/prepare.hpp"

namespace pal {

/// Returns what is known of each file; it points into `run`.
[[nodiscard]] std::vector<FileReport> file_reports(const Run& run);
[[nodiscard]] FilesSummary summary_of(const Run& run);

/// Returns the table of one file, under its name.
[[nodiscard]] std::string table_of(const Run& run, std::size_t file);

}  // namespace pal
