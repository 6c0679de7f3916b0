#include "io/write/half_published.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/files/content_stamp.hpp"
#include "io/files/own_file.hpp"
#include "io/files/paths.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Returns what the last record of a journal says is about to be published.
std::optional<Publishing> publishing_in(const Descriptor& journal,
                                        std::optional<RunIdentity>* identity = nullptr) {
    std::uint64_t position = 0;
    auto record = read_record(journal, position);
    if (!record) return {};
    if (identity != nullptr) *identity = identity_of_record(*record);
    while (auto next = read_record(journal, position)) record = std::move(next);
    return publishing_of_record(*record);
}

bool has_stamp(const std::string& path, const std::string& stamp) {
    try {
        return content_stamp(path) == stamp;
    } catch (const Error&) {  // it is not there
        return false;
    }
}

bool is_there(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

/// The same of the journal beside `target`. Most runs find none.
std::optional<Publishing> publishing_beside(const std::string& target,
                                            std::optional<RunIdentity>* identity = nullptr) {
    const std::string path = beside(target, "journal");
    if (!is_there(path)) return {};
    return publishing_in(open_own_file(target, path, O_RDONLY), identity);
}

/// Undoes the publication of a file. What it replaced lies beside it (ReportFile).
void take_back(const PublishedFile& file) {
    const std::string replaced = beside(file.path, "part.old");
    ::unlink(beside(file.path, "part").c_str());
    const bool is_ours = has_stamp(file.path, file.stamp);
    if (!is_there(replaced)) {
        if (is_ours) ::unlink(file.path.c_str());
        return;
    }
    if (is_ours || !is_there(file.path)) ::rename(replaced.c_str(), file.path.c_str());
    ::unlink(replaced.c_str());  // still there where both are names of one file
}

}  // namespace

void settle_published(const std::string& target) {
    if (!publishing_beside(target)) return;  // looked at before it is locked
    const Descriptor journal = lock_own_file(target, beside(target, "journal"), false);
    if (journal.is_open()) settle_published(target, journal);
}

void settle_published(const std::string& target, const Descriptor& journal) {
    const auto publishing = publishing_in(journal);
    if (!publishing) return;
    const bool is_done = has_stamp(target, publishing->output);
    for (const PublishedFile& file : publishing->files) {
        if (is_done) {
            ::unlink(beside(file.path, "part.old").c_str());
        } else {
            take_back(file);
        }
    }
}

bool was_published(const std::string& target) {
    const auto publishing = publishing_beside(target);
    return publishing && has_stamp(target, publishing->output);
}

bool was_published(const std::string& target, const RunIdentity& identity,
                   const std::vector<std::string>& asked) {
    std::optional<RunIdentity> earlier;
    const auto publishing = publishing_beside(target, &earlier);
    return publishing && earlier && is_same_work(*earlier, identity) &&
           publishing->asked == asked && has_stamp(target, publishing->output);
}

}  // namespace pal
