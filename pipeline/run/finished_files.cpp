#include "pipeline/run/finished_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "io/files/temporary.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/inputs/file_content.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

bool is_there(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return false;
    const auto refuse = [&](const char* what) {
        throw Error(ErrorCode::kOutput,
                    fmt::format("{}: {}, and not of a run of yours; remove it", path, what));
    };
    if (!S_ISREG(status.st_mode)) refuse("is no regular file");
    if (status.st_uid != ::geteuid()) refuse("belongs to another user");
    return true;
}

/// Of all that is in it but this.
std::string checksum_of(const Json& json) {
    Fingerprint all;
    for (const char* key : {"input", "config", "version", "output", "report"})
        all.add(json.at(key).get<std::string>() + '\0');
    return all.text();
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
            if (json.at("checksum") != checksum_of(json)) continue;
            files_[name] = {{json.at("input"), json.at("config"), json.at("version")},
                            json.at("output"),
                            json.at("report")};
        } catch (const Json::exception&) {
            continue;  // of something else
        }
    }
}

std::string FinishedFiles::place_of(const std::string& name) const {
    return beside(folder_ + "/" + name, "finished");
}

std::string FinishedFiles::new_place_of(const std::string& name) const {
    return beside(folder_ + "/" + name, "finished.new");
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
    json["report"] = report;  // as a text: nobody reads it before its checksum holds
    json["checksum"] = checksum_of(json);
    const std::string temporary = new_place_of(name);  // one that a killed run left is in its way
    ::unlink(temporary.c_str());
    TemporaryFile note(place_of(name), true, temporary);
    note.create(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    note.publish();
}

void FinishedFiles::take_back(const std::string& name) const noexcept {
    ::unlink(place_of(name).c_str());
    ::unlink(new_place_of(name).c_str());
}

void FinishedFiles::discard() const noexcept {
    for (const std::string& name : names_) take_back(name);
}

}  // namespace pal
