// A file read past the HDF5 library: by position, by several threads at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "io/files/descriptor.hpp"
#include "io/files/mapped_file.hpp"

namespace pal {

class RawFile {
  public:
    RawFile() = default;
    /// Throws Error(kInput) where it cannot be opened.
    explicit RawFile(const std::string& path);

    /// As of now. Throws Error(kInput) where the file cannot be asked.
    [[nodiscard]] std::uint64_t size_bytes() const;

    /// Fills `bytes` from `offset` on. Throws Error(kInput), which begins with `name`: read errors,
    /// and a file that has become shorter. Thread-safe.
    void read(std::uint64_t offset, std::span<std::byte> bytes, const std::string& name) const;

    /// The same without a copy, where the page cache has them (mapped_file.hpp); nothing elsewhere.
    /// Whoever looks asks require_whole() before what came of it is used. Thread-safe.
    [[nodiscard]] std::optional<std::span<const std::byte>> view(std::uint64_t offset,
                                                                 std::size_t count) const {
        return mapped_->view(offset, count);
    }

    /// Throws Error(kInput) where the file has become shorter than it was when it was opened or has
    /// been written to since, or what was viewed could not be read. Thread-safe.
    void require_whole() const;

  private:
    struct State {
        std::uint64_t bytes = 0;
        std::int64_t changed_s = 0;  // the time of change
        std::int64_t changed_ns = 0;
    };
    [[nodiscard]] State state() const;

    Descriptor file_;
    State opened_;
    std::unique_ptr<MappedFile> mapped_;
};

/// A file that exists, written past the HDF5 library.
class RawOutput {
  public:
    RawOutput() = default;
    /// Throws Error(kOutput) where it cannot be opened.
    explicit RawOutput(const std::string& path);

    [[nodiscard]] bool is_open() const noexcept { return file_.is_open(); }
    /// Writes `bytes` from `offset` on; 0, or errno. Thread-safe.
    [[nodiscard]] int write(std::uint64_t offset, std::span<const std::byte> bytes) const noexcept;

  private:
    Descriptor file_;
};

}  // namespace pal
