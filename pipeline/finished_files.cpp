#include "pipeline/finished_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "io/descriptor.hpp"
#include "io/temporary.hpp"
#include "pipeline/file_content.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

bool is_there(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return false;
    if (S_ISREG(status.st_mode)) return true;
    throw Error(ErrorCode::kOutput,
                path + ": is no regular file, and not of a run of yours; remove it");
}

}  // namespace

FinishedFiles::FinishedFiles(const std::string& folder, const std::vector<std::string>& names)
    : folder_(folder), names_(names) {
    for (const std::string& name : names_) {
        const std::string path = place_of(name);
        if (!is_there(path)) continue;
        const Json json =
            Json::parse(file_content(path, kMostBytes, "not of a finished output"), nullptr, false);
        try {
            files_[name] = {{json.at("input"), json.at("config"), json.at("version")},
                            json.at("output"),
                            json.at("report").dump()};
        } catch (const Json::exception&) {
            continue;  // cut, as that of a killed run may be: not finished
        }
    }
}

std::string FinishedFiles::place_of(const std::string& name) const {
    return beside(folder_ + "/" + name, "finished");
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
                        const std::string& part_path, const std::string& report) const {
    Json json;
    json["input"] = identity.input;
    json["config"] = identity.config;
    json["version"] = identity.version;
    json["output"] = content_stamp(part_path);
    json["report"] = Json::parse(report);
    const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    const std::string path = place_of(name);
    const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    int error = file.is_open() ? write_all(file.get(), text) : errno;
    if (error == 0 && ::fdatasync(file.get()) != 0) error = errno;
    if (error == 0) return;
    if (file.is_open()) ::unlink(path.c_str());
    throw Error(ErrorCode::kOutput, path + ": cannot be written: " + std::strerror(error));
}

void FinishedFiles::discard() const noexcept {
    for (const std::string& name : names_) ::unlink(place_of(name).c_str());
}

}  // namespace pal
