#include "pipeline/console/report_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "io/files/content_stamp.hpp"
#include "io/files/paths.hpp"
#include "io/guard/last_wish.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Returns the descriptor of the standard stream that a file is (/dev/stdout under any name), or
/// -1.
int standard_stream(const struct stat& file) {
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat stream {};
        if (::fstat(descriptor, &stream) == 0 && same_inode(file, stream)) return descriptor;
    }
    return -1;
}

}  // namespace

ReportFile::ReportFile(const std::string& option, const std::string& path, bool force,
                       const std::vector<UsedFile>& used)
    : path_(path), name_(option + " " + path), force_(force) {
    if (path_.empty()) return;
    for (const UsedFile& file : used) {
        if (file.is_source) sources_.push_back(file.path);
        if (same_file(path_, file.path)) {
            throw Error(ErrorCode::kUsage, name_ + ": is " + file.what + "; choose another file");
        }
    }
    struct stat status {};
    const bool exists = ::stat(path_.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) cannot_write("is a folder");
    if (exists) descriptor_ = standard_stream(status);
    is_stream_ = descriptor_ >= 0 || (exists && !S_ISREG(status.st_mode));
    if (is_stream_) {
        if (descriptor_ < 0 && ::access(path_.c_str(), W_OK) != 0)
            cannot_write(std::strerror(errno));
        return;
    }
    struct stat link {};
    if (!force_ && ::lstat(path_.c_str(), &link) == 0) {
        throw Error(ErrorCode::kUsage, name_ + ": exists; pass --force to replace it");
    }
    if (::access(folder_of(behind_links(path_)).c_str(), W_OK | X_OK) != 0)
        cannot_write(std::strerror(errno));
}

void ReportFile::cannot_write(const std::string& why) const {
    throw Error(ErrorCode::kOutput, name_ + ": cannot be written: " + why);
}

void ReportFile::write_to_stream(const std::string& json) const {
    std::cout.flush();
    int opened = -1;
    while (descriptor_ < 0 && opened < 0) {
        opened = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (opened >= 0) break;
        if (errno != EINTR) cannot_write(std::strerror(errno));
        if (stop_requested()) {
            throw Error(ErrorCode::kStopped,
                        name_ + ": interrupted, while it waited for somebody who reads it");
        }
    }
    int error = write_all(descriptor_ >= 0 ? descriptor_ : opened, json);
    if (opened >= 0 && ::close(opened) != 0 && error == 0) error = errno;
    if (error != 0) cannot_write(std::strerror(error));
}

void ReportFile::write(const std::string& json) {
    if (path_.empty()) return;
    if (is_stream_) return write_to_stream(json);
    target_ = behind_links(path_);
    temporary_.emplace(target_, force_);
    for (const std::string& source : sources_) temporary_->is_made_of(source);
    temporary_->create(json);
}

std::optional<PublishedFile> ReportFile::to_publish() const {
    if (!temporary_) return {};
    return PublishedFile{std::filesystem::absolute(target_).string(),
                         content_stamp(temporary_->path())};
}

void ReportFile::publish() {
    if (!temporary_) return;
    if (force_) keep_previous();
    try {
        temporary_->publish();
    } catch (const Error&) {
        restore_previous();
        throw;
    }
}

void ReportFile::keep_previous() {
    const std::string name = beside(target_, "part.old");
    ::unlink(name.c_str());  // of a run that was killed
    // Without hard links, or without the right to make one, the file is missing for a moment.
    if (::link(target_.c_str(), name.c_str()) != 0 &&
        (errno == ENOENT || ::rename(target_.c_str(), name.c_str()) != 0)) {
        if (errno != ENOENT) cannot_write(std::strerror(errno));
        return;
    }
    previous_ = name;
}

void ReportFile::restore_previous() noexcept {
    if (previous_.empty()) return;
    // If both are links to one file, rename leaves both.
    if (::rename(previous_.c_str(), target_.c_str()) == 0) ::unlink(previous_.c_str());
    previous_.clear();  // if it failed: better kept under that name than lost
}

void ReportFile::withdraw() noexcept {
    if (!temporary_ || !temporary_->is_in_place()) return;
    if (previous_.empty()) {
        ::unlink(target_.c_str());
    } else {
        restore_previous();
    }
}

ReportFile::~ReportFile() {
    if (!previous_.empty()) ::unlink(previous_.c_str());
}

}  // namespace pal
