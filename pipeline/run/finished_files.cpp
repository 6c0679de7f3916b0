#include "pipeline/run/finished_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "io/files/content_stamp.hpp"
#include "io/files/foreign_json.hpp"
#include "io/files/partial_file.hpp"
#include "io/files/paths.hpp"
#include "io/files/regular_file.hpp"
#include "pipeline/console/file_content.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

bool is_own_note(const std::string& path) {
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

/// Returns the checksum of a note: of its texts and of the result's bytes.
std::string checksum_of(const Json& texts, std::string_view result) {
    Fingerprint all;
    for (const char* key : {"input", "config", "version", "inodes", "output"})
        all.add(texts.at(key).get<std::string>() + '\0');
    all.add(result);
    return all.text();
}

}  // namespace

FinishedFiles::FinishedFiles(const std::string& folder, const std::vector<std::string>& names)
    : folder_(folder), names_(names) {
    for (const std::string& name : names_) {
        const std::string path = place_of(name);
        if (!is_own_note(path)) continue;
        Note note;
        const Descriptor file = open_regular(path, "a note of this program");
        if (read(file_content(file, path, kMostBytes, "not of a finished output"), note))
            notes_[name] = std::move(note);
    }
}

/// Reads a note: a line of JSON, then the bytes of the result. False if it is damaged.
bool FinishedFiles::read(const std::string& text, Note& note) {
    const std::size_t end = text.find('\n');
    if (end == std::string::npos) return false;
    note.result = text.substr(end + 1);
    try {
        const Json texts = read_json(std::string_view(text).substr(0, end));
        if (texts.at("checksum") != checksum_of(texts, note.result)) return false;
        note.identity = {texts.at("input"), texts.at("config"), texts.at("version"),
                         texts.at("inodes")};
        note.stamp = texts.at("output");
    } catch (const Json::exception&) {
        return false;
    } catch (const Error&) {  // no JSON
        return false;
    }
    return true;
}

std::string FinishedFiles::place_of(const std::string& name) const {
    return beside(folder_ + "/" + name, "finished");
}

std::string FinishedFiles::new_place_of(const std::string& name) const {
    return beside(folder_ + "/" + name, "finished.new");
}

const std::string* FinishedFiles::result_of(const std::string& name,
                                            const RunIdentity& identity) const {
    const auto found = notes_.find(name);
    if (found == notes_.end() || !is_same_work(found->second.identity, identity)) return nullptr;
    const Note& note = found->second;
    try {
        return content_stamp(folder_ + "/" + name) == note.stamp ? &note.result : nullptr;
    } catch (const Error&) {  // it did not get its name, or is gone
        return nullptr;
    }
}

void FinishedFiles::add(const std::string& name, const RunIdentity& identity,
                        const std::string& partial_path, const std::string& result) const {
    Json texts;
    texts["input"] = identity.input;
    texts["config"] = identity.config;
    texts["version"] = identity.version;
    texts["inodes"] = identity.inodes;
    texts["output"] = content_stamp(partial_path);
    texts["checksum"] = checksum_of(texts, result);
    const std::string temporary = new_place_of(name);  // one that a killed run left is in its way
    ::unlink(temporary.c_str());
    PartialFile note(place_of(name), true, temporary);
    note.create(json_text(texts) + "\n" + result);
    note.publish();
}

void FinishedFiles::take_back(const std::string& name) const noexcept {
    ::unlink(place_of(name).c_str());
    ::unlink(new_place_of(name).c_str());
}

std::string FinishedFiles::place_of_all() const {
    return beside(folder_ + "/" + names_.front(), "all-finished");
}

/// Returns a checksum of the whole run and its outputs as they are. Throws Error(kInput) where one
/// is missing.
std::string FinishedFiles::text_of_all(const std::vector<RunIdentity>& identities,
                                       const std::vector<std::string>& asked) const {
    Fingerprint all;
    for (std::size_t f = 0; f < names_.size(); ++f) {
        const RunIdentity& identity = identities[f];
        for (const std::string& text :
             {names_[f], identity.input, identity.config, identity.version, identity.inodes})
            all.add(text + '\0');
        all.add(content_stamp(folder_ + "/" + names_[f]) + '\0');
    }
    for (const std::string& path : asked) all.add(path + '\0');
    return all.text();
}

void FinishedFiles::note_all(const std::vector<RunIdentity>& identities,
                             const std::vector<std::string>& asked) const {
    PartialFile note(place_of_all(), true, place_of_all() + ".new");
    note.create(text_of_all(identities, asked));
    note.publish();
}

bool FinishedFiles::are_all_done(const std::vector<RunIdentity>& identities,
                                 const std::vector<std::string>& asked) const {
    if (!is_own_note(place_of_all())) return false;
    try {
        const Descriptor note = open_regular(place_of_all(), "a note of this program");
        return file_content(note, place_of_all(), kMostBytes, "not of finished outputs") ==
               text_of_all(identities, asked);
    } catch (const Error&) {  // an output is not there
        return false;
    }
}

void FinishedFiles::discard() const noexcept {
    for (const std::string& name : names_) take_back(name);
    ::unlink((place_of_all() + ".new").c_str());
    ::unlink(place_of_all().c_str());
}

}  // namespace pal
