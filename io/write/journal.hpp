// Keeps a journal of finished tensors beside the output, so that the next run can go on from there.
//
// A killed run leaves two hidden files beside its target: the partial file and the journal. The
// partial file is the HDF5 file that it was making. It cannot be opened, as its metadata is not
// complete. But it holds the chunks of indices of every finished tensor; the journal knows their
// places and checksums. The next run makes a new partial file from the beginning and takes these
// chunks over instead of computing them again. Its output has the same bytes as that of a run that
// was never interrupted. The old files stay until the new ones have everything that they had,
// whatever happens in between.
//
// journal_records.hpp has the format. Bytes behind the last whole record were being written when
// the run ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/files/descriptor.hpp"
#include "io/files/raw_file.hpp"
#include "io/write/journal_records.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Removes what an earlier run left of a target that is done. Throws as the constructor of Journal
/// does.
void remove_journal(const std::string& target);

/// Owns the work on one target, with its journal and partial file. Not thread-safe.
class Journal {
  public:
    /// Takes the work on `target` for this process, with a lock on the journal. Without `resume`
    /// removes what an earlier run left. Files beside the output that an earlier run published
    /// without it are undone.
    /// Throws Error(kOutput) where another process works on the target or a file cannot be made.
    /// The same where the journal's name belongs to a link, no regular file or another user's file.
    /// Throws Error(kUsage) where an earlier run left work of another identity to resume.
    Journal(const std::string& target, const RunIdentity& identity, bool resume);
    ~Journal();  // removes the journal and the partial files, unless they are kept
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Returns the path of the partial file.
    [[nodiscard]] const std::string& partial_path() const noexcept { return current_.partial; }

    /// Returns the next tensor that the earlier run finished, every byte as it was. Returns nothing
    /// once no whole one is left. Reads the chunks of the tensor once, to check them.
    [[nodiscard]] std::optional<FinishedTensor> next_finished();
    /// Removes what earlier runs left: this run has all of it, or has no use for it.
    void forget_earlier();

    /// Records that the output holds the tensor.
    /// name    unique in the run
    /// chunks  places in the order of the tensor's chunks
    /// note    text of the caller, which next_finished() gives back
    /// Throws Error(kOutput).
    void add(const std::string& name, const PalettizedTensor& tensor,
             const std::vector<ChunkPlace>& chunks, const std::string& note);
    /// Records what gets its name now, the output last. A run that is killed before the output has
    /// its name is undone by the next one. Throws Error(kOutput).
    void publishing(const Publishing& publishing);
    /// Returns the number of tensors added.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Lets the files outlive this object, where they hold anything to resume. A signal that stops
    /// the process does the same.
    void keep() noexcept { kept_ = true; }
    /// Tells that the output is in its place: nothing is left to resume.
    void discard() noexcept { size_ = 0; }

  private:
    struct Pair {
        std::string partial;  // path of the partial file
        std::string journal;  // path of the journal
    };
    /// Files of an earlier run, open, and the position of its next record.
    struct Earlier {
        Pair files;
        Descriptor journal;
        std::shared_ptr<const RawFile> partial;
        std::uint64_t position = 0;
    };

    /// Removes a file in its destructor, once armed.
    struct Removal {
        Removal() = default;
        ~Removal();
        Removal(const Removal&) = delete;
        Removal& operator=(const Removal&) = delete;
        std::string path;
        bool armed = false;
    };

    void take_over(const RunIdentity& identity);
    void copy_journal(Earlier& earlier) const;
    [[nodiscard]] std::optional<Earlier> opened(const Pair& files, const RunIdentity& identity,
                                                std::size_t& finished) const;
    void append(const std::string& record) const;
    [[noreturn]] void cannot(const std::string& what, int error) const;
    static void remove(const Pair& files) noexcept;

    std::string target_;
    Pair current_;
    Pair old_;
    Descriptor journal_;  // holds the lock until the members below are gone
    Removal removal_;  // of the journal, once this run owns it: the constructor may fail after that
    std::optional<Earlier> earlier_;
    std::size_t size_ = 0;
    bool kept_ = false;
};

}  // namespace pal
