#include "pipeline/finished_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/descriptor.hpp"
#include "io/temporary.hpp"
#include "pipeline/file_content.hpp"
#include "pipeline/json_path.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{4} << 30;

}  // namespace

FinishedFiles::FinishedFiles(const std::string& folder)
    : folder_(folder), path_(folder + "/.h5palettize-finished") {
    struct stat status {};
    if (::lstat(path_.c_str(), &status) != 0) return;
    if (!S_ISREG(status.st_mode)) {
        throw Error(ErrorCode::kOutput,
                    path_ + ": is no regular file, and not of a run of yours; remove it");
    }
    std::istringstream lines(file_content(path_, kMostBytes, "no list of finished files"));
    for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line, nullptr, false);
        try {
            File file{{json.at("input"), json.at("config"), json.at("version")},
                      json.at("output"),
                      json.at("report").dump()};
            files_.insert_or_assign(path_of(json), std::move(file));
        } catch (const Json::exception&) {
            continue;  // cut, as the last one of a killed run may be: not finished
        }
    }
}

const std::string* FinishedFiles::report_of(const std::string& name,
                                            const RunIdentity& identity) const {
    const auto found = files_.find(name);
    if (found == files_.end()) return nullptr;
    const File& file = found->second;
    if (file.identity.input != identity.input || file.identity.config != identity.config ||
        file.identity.version != identity.version)
        return nullptr;
    try {
        return content_stamp(folder_ + "/" + name) == file.stamp ? &file.report : nullptr;
    } catch (const Error&) {  // it did not get its name, or is gone
        return nullptr;
    }
}

void FinishedFiles::add(const std::string& name, const RunIdentity& identity,
                        const std::string& part_path, const std::string& report) {
    Json line;
    put_path(line, name);
    line["input"] = identity.input;
    line["config"] = identity.config;
    line["version"] = identity.version;
    line["output"] = content_stamp(part_path);
    line["report"] = Json::parse(report);
    // A line break first: a line that was cut does not swallow this one.
    const std::string text =
        "\n" + line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    const Descriptor file(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    int error = file.is_open() ? write_all(file.get(), text) : errno;
    if (error == 0 && ::fdatasync(file.get()) != 0) error = errno;
    if (error != 0)
        throw Error(ErrorCode::kOutput, path_ + ": cannot be written: " + std::strerror(error));
}

void FinishedFiles::discard() noexcept { ::unlink(path_.c_str()); }

}  // namespace pal
