# Puts the page, its style, its scripts and the chart library together into one C++ string. Run by CMakeLists.txt with
# FOLDER (this one), LIBRARY (uPlot's), OUTPUT (the source to write).
file(READ ${FOLDER}/page.html page)
file(READ ${FOLDER}/page.css style)
file(READ ${LIBRARY}/dist/uPlot.min.css library_style)
file(READ ${LIBRARY}/dist/uPlot.iife.min.js library)
file(READ ${LIBRARY}/LICENSE license)
set(script "")
foreach(part format charts table detail page)
    file(READ ${FOLDER}/${part}.js text)
    string(APPEND script "${text}\n")
endforeach()
string(REPLACE "{{style}}" "${library_style}\n${style}" page "${page}")
string(REPLACE "{{library}}" "/*! uPlot\n${license}*/\n${library}" page "${page}")
string(REPLACE "{{script}}" "${script}" page "${page}")
file(WRITE ${OUTPUT} "// Generated from pipeline/report/page/.
#include \"pipeline/report/report_page.hpp\"
namespace pal {
std::string_view report_page_template() noexcept {
    static constexpr std::string_view page = R\"H5PAGE(${page})H5PAGE\";
    return page;
}
}  // namespace pal
")
