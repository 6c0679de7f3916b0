// Shows bytes of a file without a copy, where the page cache has them.
//
// Copying bytes from the page cache costs as much as a pass of computation over them. Bytes that
// are not in the cache are better read than mapped: a page fault waits for one page at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pal {

/// Maps a whole file, read-only. If the file is cut or its disk fails meanwhile, zeros take the
/// place of the missing bytes and is_whole() becomes false. SIGBUS is handled for mappings of this
/// class. At most eight files are mapped at a time.
class MappedFile {
  public:
    /// `descriptor` must stay open. Where the file cannot be mapped view() returns nothing.
    MappedFile(int descriptor, std::uint64_t file_bytes);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// Returns bytes offset .. offset + count - 1, valid as long as this object. Returns nothing
    /// where they are not all in the file, are most likely not in memory, or is_whole() is false:
    /// read those. Views add at most 32 MiB, and the pages in use, to the resident set: pages of
    /// earlier views are let go. Thread-safe.
    [[nodiscard]] std::optional<std::span<const std::byte>> view(std::uint64_t offset,
                                                                 std::size_t count) const;

    /// Returns false once a view has shown zeros in place of bytes of the file.
    [[nodiscard]] bool is_whole() const noexcept;

  private:
    /// Marks windows first .. last. Returns how many are marked now; 0 where none is new.
    std::size_t look_at(std::size_t first, std::size_t last) const noexcept;
    void let_go() const noexcept;

    int descriptor_;
    std::size_t bytes_ = 0;
    std::byte* base_ = nullptr;
    std::size_t region_ = 0;  // index in the table of mapped regions
    // Windows of 2 MiB that were viewed since pages were let go: a bit each, and their number.
    mutable std::vector<std::atomic<std::uint64_t>> looked_at_;
    mutable std::atomic<std::size_t> windows_{0};
    mutable std::atomic<std::size_t> times_let_go_{0};
};

}  // namespace pal
