// The report as a page for people: one file with everything in it, to be opened in a browser.
#pragma once

#include <string>
#include <string_view>

namespace pal {

/// The page of a report, as report_json() gives it (with or without "detail"); of a large one in
/// about 10 times its memory. Throws Error(kInput) where the text is no such report.
[[nodiscard]] std::string report_page(std::string_view report_json);

/// The page without its data, of which it holds the place (pipeline/report/page/). Compiled in.
[[nodiscard]] std::string_view report_page_template() noexcept;

}  // namespace pal
