// Bytes as a file that lies in memory, for targets whose input is a file.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "io/temporary.hpp"

namespace pal::test {

class FileOfBytes {
  public:
    FileOfBytes(const std::uint8_t* data, std::size_t size) : file_(::memfd_create("fuzz", 0)) {
        const std::string_view bytes(reinterpret_cast<const char*>(data), size);
        if (file_ < 0 || write_all(file_, bytes) != 0)
            throw std::runtime_error("no file in memory");
    }
    FileOfBytes(const FileOfBytes&) = delete;
    FileOfBytes& operator=(const FileOfBytes&) = delete;
    ~FileOfBytes() { ::close(file_); }

    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

  private:
    int file_;
};

/// The same order of events every time, and no start of threads.
class OneThread {
    oneapi::tbb::global_control limit_{oneapi::tbb::global_control::max_allowed_parallelism, 1};
};

}  // namespace pal::test
