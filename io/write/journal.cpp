#include "io/write/journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "io/files/own_file.hpp"
#include "io/files/paths.hpp"
#include "io/guard/last_wish.hpp"
#include "io/guard/limits.hpp"
#include "io/write/half_published.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

void remove_journal(const std::string& target) {
    const std::string path = beside(target, "journal");
    const Descriptor journal = lock_own_file(target, path, false);
    if (!journal.is_open()) return;
    settle_published(target, journal);
    for (const char* suffix : {"part", "part.old", "journal.old"})
        ::unlink(beside(target, suffix).c_str());
    ::unlink(path.c_str());  // last: it tells that the target is done
}

Journal::Journal(const std::string& target, const RunIdentity& identity, bool resume)
    : target_(target),
      current_{beside(target, "part"), beside(target, "journal")},
      old_{beside(target, "part.old"), beside(target, "journal.old")} {
    removal_.path = current_.journal;
    journal_ = lock_own_file(target_, current_.journal);
    settle_published(target_, journal_);
    struct stat status {};
    if (!resume || (::fstat(journal_.get(), &status) == 0 && status.st_size == 0))
        removal_.armed = true;
    if (resume) {
        take_over(identity);
    } else {
        remove(old_);
        ::unlink(current_.partial.c_str());
    }
    if (::ftruncate(journal_.get(), 0) != 0) cannot("empty its journal", errno);
    removal_.armed = true;
    set_doomed_file(current_.journal);
    append(identity_record(identity));
}

Journal::~Journal() {
    clear_doomed_file(current_.journal);
    if ((kept_ || stop_requested()) && (size_ > 0 || earlier_)) {
        removal_.armed = false;
        return;
    }
    ::unlink(current_.partial.c_str());
    if (earlier_) remove(earlier_->files);
}

Journal::Removal::~Removal() {
    if (armed) ::unlink(path.c_str());
}

/// Keeps the pair with more finished tensors, of the two that may exist, as the old pair. The
/// journal is copied, not renamed: this run holds the lock on that file. One pair is whole at every
/// moment.
void Journal::take_over(const RunIdentity& identity) {
    std::size_t in_current = 0;
    std::size_t in_old = 0;
    auto latest = opened(current_, identity, in_current);
    auto older = opened(old_, identity, in_old);
    if (latest && in_current > 0 && in_current >= in_old) {
        remove(old_);
        copy_journal(*latest);
        if (::rename(current_.partial.c_str(), old_.partial.c_str()) != 0)
            cannot("rename a file beside it", errno);
        latest->files = old_;
        earlier_ = std::move(latest);
    } else {
        ::unlink(current_.partial.c_str());
        if (in_old > 0) {
            earlier_ = std::move(older);
        } else {
            remove(old_);
        }
    }
}

/// Copies the journal to the old name and lets `earlier` read the copy.
void Journal::copy_journal(Earlier& earlier) const {
    Descriptor copy(old_.journal, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!copy.is_open()) cannot("create a file beside it", errno);
    std::vector<char> buffer(1 << 16);
    for (off_t at = 0;;) {
        const ssize_t count = ::pread(journal_.get(), buffer.data(), buffer.size(), at);
        if (count < 0) cannot("read its journal", errno);
        if (count == 0) break;
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
        if (const int error = write_all(copy.get(), bytes); error != 0)
            cannot("write its journal", error);
        at += count;
    }
    earlier.journal = std::move(copy);
}

/// Opens an earlier pair and counts its finished tensors. Returns nothing where it has none. Throws
/// Error(kUsage) where it is of another identity.
std::optional<Journal::Earlier> Journal::opened(const Pair& files, const RunIdentity& identity,
                                                std::size_t& finished) const {
    Earlier earlier{files, open_own_file(target_, files.journal, O_RDONLY), nullptr, 0};
    if (!earlier.journal.is_open()) return {};
    const auto head = read_record(earlier.journal, earlier.position);
    if (!head) return {};
    for (std::uint64_t position = earlier.position; read_record(earlier.journal, position);)
        ++finished;
    if (finished == 0) return {};  // killed before it finished one
    if (const std::string other = differing_fact(*head, identity); !other.empty()) {
        throw Error(ErrorCode::kUsage, target_ + ": --resume: what was begun there is of another " +
                                           other + "; leave --resume out to start afresh");
    }
    struct stat partial {};
    try {
        if (::lstat(files.partial.c_str(), &partial) == 0 && S_ISREG(partial.st_mode)) {
            earlier.partial = std::make_shared<RawFile>(files.partial);
            return earlier;
        }
    } catch (const Error&) {  // gone meanwhile
    }
    finished = 0;
    return {};
}

std::optional<FinishedTensor> Journal::next_finished() {
    if (!earlier_) return {};
    const auto record = read_record(earlier_->journal, earlier_->position);
    if (!record) return {};
    return tensor_of_record(*record, earlier_->partial);
}

void Journal::forget_earlier() {
    if (!earlier_) return;
    remove(earlier_->files);
    earlier_.reset();
}

void Journal::add(const std::string& name, const PalettizedTensor& tensor,
                  const std::vector<ChunkPlace>& chunks, const std::string& note) {
    append(tensor_record(name, tensor, chunks, note));
    if (size_++ > 0) return;
    spare_when_stopped(current_.partial, kept_);
    spare_when_stopped(current_.journal, kept_);
}

void Journal::publishing(const Publishing& publishing) {
    append(publishing_record(publishing));
    if (::fdatasync(journal_.get()) != 0) cannot("write its journal", errno);
    if (!publishing.files.empty()) spare_when_stopped(current_.journal, kept_);
}

void Journal::append(const std::string& record) const {
    if (const int error = write_all(journal_.get(), record); error != 0)
        cannot("write its journal", error);
}

void Journal::cannot(const std::string& what, int error) const {
    throw system_error(ErrorCode::kOutput, target_ + ": cannot " + what, error);
}

void Journal::remove(const Pair& files) noexcept {
    ::unlink(files.partial.c_str());
    ::unlink(files.journal.c_str());
}

}  // namespace pal
