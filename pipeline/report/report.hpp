// The report of a plan or a run on one file: as JSON, and as the table on the console.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/plan/plan.hpp"
#include "pipeline/report/file_result.hpp"

namespace pal {

/// "4 bit, groups of 16 on axis 0, scaled, int8 LUT".
[[nodiscard]] std::string spec_for_people(const PalettizationSpec& spec);

/// Returns {"totals": {...}, "tensors": [...]}. With a result: also the errors of each tensor, and
/// its detail if described. docs/report.md lists the keys. result: null for `plan`.
[[nodiscard]] std::string report_json(const Plan& plan, const FileResult* result);
/// The same before it is text.
[[nodiscard]] nlohmann::ordered_json report_document(const Plan& plan, const FileResult* result);

/// Say how the widths of a plan with a target were chosen.
[[nodiscard]] nlohmann::ordered_json widths_json(const WidthChoice& widths);
[[nodiscard]] std::string widths_for_people(const WidthChoice& widths);

/// Returns the table for people: dense tensors first, then palettized ones by falling SQNR (worst
/// last), then the totals. result: null for `plan`.
[[nodiscard]] std::string report_table(const Plan& plan, const FileResult* result);

}  // namespace pal
