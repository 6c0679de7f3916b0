// A file read past the HDF5 library: by position, by several threads at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace pal {

class RawFile {
  public:
    RawFile() = default;
    /// Throws Error(kInput) where it cannot be opened.
    explicit RawFile(const std::string& path);
    ~RawFile();
    RawFile(RawFile&& other) noexcept;
    RawFile& operator=(RawFile&& other) noexcept;
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    /// Fills `bytes` from `offset` on. Throws Error(kInput), which begins with `name`: read errors,
    /// and a file that has become shorter. Thread-safe.
    void read(std::uint64_t offset, std::span<std::byte> bytes, const std::string& name) const;

  private:
    int descriptor_ = -1;
};

}  // namespace pal
