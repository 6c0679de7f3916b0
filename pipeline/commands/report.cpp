// report: makes the page of a run from the JSON that the run wrote.
#include <cstddef>

#include "pipeline/commands/commands.hpp"
#include "pipeline/console/file_content.hpp"
#include "pipeline/report/report_page.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Largest report that is read. One of a million tensors has some hundred MiB.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

int execute_report(const Arguments& arguments) {
    const std::string& source = arguments.positionals[0];
    ReportFile page("the page", arguments.positionals[1], arguments.flag("force"),
                    {{source, "the input", true}});
    const Descriptor file(source, O_RDONLY);  // a pipe is welcome: jq may take a report apart
    const std::string report = file_content(file, source, kMostBytes, "no report");
    try {
        page.write(report_page(report));
    } catch (const Error& error) {
        throw error.code() == ErrorCode::kInput ? error.in(source) : error;
    }
    page.publish();
    return 0;
}

}  // namespace

Command report_command() {
    return {"report",
            "FILE.json OUT.html",
            "makes a page of what run --report FILE.json wrote",
            "h5palettize report model.json model.html",
            2,
            2,
            {OptionGroup::kForce},
            execute_report};
}

}  // namespace pal
