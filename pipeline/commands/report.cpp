// report: the page of a run, from the JSON that it wrote.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "pipeline/commands/command.hpp"
#include "pipeline/report_page.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

/// A report of a million tensors has some hundred MiB; a device would have no end.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content;
    std::vector<char> part(std::size_t{1} << 20);
    while (file && content.size() <= kMostBytes) {
        file.read(part.data(), static_cast<std::streamsize>(part.size()));
        content.append(part.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (content.size() > kMostBytes)
        throw Error(ErrorCode::kInput, path + ": has more than 1 GiB, which is no report");
    if (!file.eof() || file.bad())  // not there, a folder
        throw Error(ErrorCode::kInput, path + ": cannot be read: " + std::strerror(errno));
    return content;
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
