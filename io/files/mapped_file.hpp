// Private to io/: a file's bytes as memory, where they are in memory already.
//
// A read that copies what the page cache holds costs as much as a pass of computation over it. What
// the cache does not hold is better read than mapped: a page fault waits for one page at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pal {

/// The whole of a file, mapped, read-only. Where it is cut, or its disk fails, while it is read,
/// zeros take the place of what is missing (SIGBUS is handled, for mappings of this class), and
/// is_whole() says so from then on.
class MappedFile {
  public:
    /// `descriptor` must stay open. Not mapped where that cannot be: views are then empty.
    MappedFile(int descriptor, std::uint64_t file_bytes);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    /// Bytes offset .. offset + count - 1, valid as long as this. Nothing where they are not all in
    /// the file or most likely not in memory, nor once is_whole() is false: read those. Views add
    /// at most 32 MiB and what is in use to the resident set; pages that were looked at longer ago
    /// are let go. Thread-safe.
    [[nodiscard]] std::optional<std::span<const std::byte>> view(std::uint64_t offset,
                                                                 std::size_t count) const;

    /// False once a view has shown zeros in place of the file's bytes.
    [[nodiscard]] bool is_whole() const noexcept;

  private:
    /// Marks windows first .. last. How many are marked now, 0 where none is new.
    std::size_t look_at(std::size_t first, std::size_t last) const noexcept;
    void let_go() const noexcept;

    int descriptor_;
    std::size_t bytes_ = 0;
    std::byte* base_ = nullptr;
    std::size_t region_ = 0;  // in the table of what is mapped
    // Since pages were let go: a bit for each window of 2 MiB, and how many are set.
    mutable std::vector<std::atomic<std::uint64_t>> looked_at_;
    mutable std::atomic<std::size_t> windows_{0};
    mutable std::atomic<std::size_t> times_let_go_{0};
};

}  // namespace pal
