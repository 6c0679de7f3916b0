// Parts of a plan in words and as JSON, for reports, tables and explanations.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// "4 bit, groups of 16 on axis 0, scaled, int8 LUT".
[[nodiscard]] std::string spec_for_people(const PalettizationSpec& spec);

/// "torch" or "keras".
[[nodiscard]] const char* layout_name(Layout layout) noexcept;

/// The value of "widths" in a report (docs/report.md).
[[nodiscard]] nlohmann::ordered_json widths_json(const WidthChoice& widths);
/// One line with its end: the bits per weight reached; with a budget, the bytes and errors too.
[[nodiscard]] std::string widths_for_people(const WidthChoice& widths);

}  // namespace pal
