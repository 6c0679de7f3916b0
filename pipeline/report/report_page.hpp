// Makes the page of a report: one HTML file with everything in it, for a browser.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// Returns the page of a report of report_json(), with or without "detail". Takes about 10 times
/// the memory of a large report. Throws Error(kInput) if the text is no such report.
[[nodiscard]] std::string report_page(std::string_view report_json);

/// The page with a mark for its data, from pipeline/report/page/. Compiled in: defined in a
/// generated source.
[[nodiscard]] std::string_view report_page_template() noexcept;

}  // namespace pal
