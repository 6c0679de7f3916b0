// Reads and writes files past the HDF5 library: by position, by several threads at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/files/descriptor.hpp"
#include "io/files/mapped_file.hpp"

namespace pal {

/// A file that is read.
class RawFile {
  public:
    RawFile() = default;
    /// Opens a file as open_regular() does, with its errors.
    explicit RawFile(const std::string& path);

    [[nodiscard]] const Descriptor& descriptor() const noexcept { return file_; }

    /// Returns the size that the file has now. Throws Error(kInput).
    [[nodiscard]] std::uint64_t size_bytes() const;

    /// Fills `bytes` from `offset` on. Throws Error(kInput), with a text that begins with `name`,
    /// where reading fails or the file has become shorter. Thread-safe.
    void read(std::uint64_t offset, std::span<std::byte> bytes, const std::string& name) const;

    /// Returns bytes without a copy, where the page cache has them; nothing elsewhere: see
    /// MappedFile::view(). Call require_whole() before you use results of them. Thread-safe.
    [[nodiscard]] std::optional<std::span<const std::byte>> view(std::uint64_t offset,
                                                                 std::size_t count) const {
        return mapped_->view(offset, count);
    }

    /// Throws Error(kInput) where the file has become shorter since it was opened, has been written
    /// to (its mtime or ctime is another), or a view could not be read. Thread-safe.
    void require_whole() const;

  private:
    struct State {
        std::uint64_t bytes = 0;
        timespec written{};  // mtime, which programs can set
        timespec changed{};  // ctime, which they cannot
    };
    [[nodiscard]] State state() const;

    Descriptor file_;
    State opened_;
    std::unique_ptr<MappedFile> mapped_;
};

/// An existing file that is written.
class RawOutput {
  public:
    RawOutput() = default;
    /// Opens a file. Throws Error(kOutput) where that fails.
    explicit RawOutput(const std::string& path);

    [[nodiscard]] bool is_open() const noexcept { return file_.is_open(); }
    /// Writes `bytes` from `offset` on. Returns 0, or errno. Thread-safe.
    [[nodiscard]] int write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept;

  private:
    Descriptor file_;
};

}  // namespace pal
