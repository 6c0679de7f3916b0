// report: the page of a run, from the JSON that it wrote.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "pipeline/commands/command.hpp"
#include "pipeline/report_page.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorCode::kInput, path + ": cannot be read: " + std::strerror(errno));
    try {
        return {std::istreambuf_iterator<char>(file), {}};
    } catch (const std::ios_base::failure&) {  // a folder
        throw Error(ErrorCode::kInput, path + ": cannot be read: " + std::strerror(errno));
    }
}

int execute_report(const Arguments& arguments) {
    const std::string& source = arguments.positionals[0];
    ReportFile page("the page", arguments.positionals[1], arguments.flag("force"),
                    {{source, "the input"}});
    const std::string report = content_of(source);
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
            force_option,
            execute_report};
}

}  // namespace pal
