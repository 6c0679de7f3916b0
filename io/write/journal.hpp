// What a run has finished, so that the next one goes on from there: a journal beside the output.
//
// A killed run leaves two hidden files beside its target: the part, the HDF5 file that it was
// making, and the journal. The part cannot be opened, as its metadata is in no order; but the
// chunks of indices of every finished tensor are in it, at places that the journal knows, with
// their checksums. The next run makes a new part from the beginning and takes those chunks over
// instead of finding them again: its bytes are those of a run that was never interrupted. The old
// files stay until the new ones have all that they had, whatever happens in between.
//
// The journal is records, each its length, its CRC-32 and CBOR; what follows the last whole record
// was being written when the run ended.
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

/// What an earlier run left of a target that is done, if anything. Throws as a Journal.
void remove_journal(const std::string& target);

class Journal {
  public:
    /// Takes the work on `target` for this process. Not `resume`: what an earlier run left is
    /// removed. Throws Error(kOutput) where another process works on it, files cannot be made, or
    /// what lies at the journal's name is a link, no regular file, or another user's; Error(kUsage)
    /// where there is work of another identity to resume.
    Journal(const std::string& target, const RunIdentity& identity, bool resume);
    ~Journal();  // removes the files and the part, unless they are kept
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Where the output is made.
    [[nodiscard]] const std::string& partial_path() const noexcept { return current_.partial; }

    /// The next tensor that the earlier run finished, every byte as it was; nothing once there is
    /// no further one that is whole.
    [[nodiscard]] std::optional<FinishedTensor> next_finished();
    /// What earlier runs left is no longer needed: all of it is here, or of no use.
    void forget_earlier();

    /// The output holds the tensor. name: tells it from others. Throws Error(kOutput).
    void add(const std::string& name, const PalettizedTensor& tensor,
             const std::vector<ChunkPlace>& chunks, const std::string& note);
    /// Tensors that were added.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// From now on the files outlive this where there is anything to resume in them.
    void keep() noexcept { kept_ = true; }
    /// The output is in its place: there is nothing to resume.
    void discard() noexcept { kept_ = false; }

  private:
    struct Pair {
        std::string partial;  // path of the partial file
        std::string journal;  // its path
    };
    /// Reads an earlier pair from its beginning.
    struct Earlier {
        Pair files;
        Descriptor journal;
        std::shared_ptr<const RawFile> partial;
        std::uint64_t position = 0;
    };

    /// Removes the file that it is armed with.
    struct Removal {
        Removal() = default;
        ~Removal();
        Removal(const Removal&) = delete;
        Removal& operator=(const Removal&) = delete;
        std::string path;
        bool armed = false;
    };

    [[nodiscard]] Descriptor lock() const;
    [[nodiscard]] Descriptor open_own(const std::string& path, int flags) const;
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
    Descriptor journal_;  // locked until all else is done with
    Removal removal_;  // of the journal, once it is this run's: a constructor may fail after that
    std::optional<Earlier> earlier_;
    std::size_t size_ = 0;
    bool kept_ = false;
};

}  // namespace pal
