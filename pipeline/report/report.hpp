// The report of a plan or a run on one file: as JSON, and as the table on the console.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/plan/plan.hpp"
#include "pipeline/report/file_result.hpp"

namespace pal {

/// Returns {"totals": {...}, "tensors": [...]}. With a result: also the errors of each tensor, and
/// its detail if described. docs/report.md lists the keys. result: null for `plan`.
[[nodiscard]] std::string report_json(const Plan& plan, const FileResult* result);
/// The same before it is text.
[[nodiscard]] nlohmann::ordered_json report_document(const Plan& plan, const FileResult* result);

/// Returns the table for people: dense tensors first, then palettized ones by falling SQNR (worst
/// last), then the totals. result: null for `plan`.
[[nodiscard]] std::string report_table(const Plan& plan, const FileResult* result);

}  // namespace pal
