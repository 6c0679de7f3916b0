// Bounds the memory that the HDF5 library takes for a damaged file.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <new>
#include <string>

#include "stages/tensor/error.hpp"

namespace pal {

/// Bounds the memory of the process while it lives: at most `most_bytes` more than at its start.
/// Beyond that the library's calls fail ("memory allocation failed") and new throws std::bad_alloc.
/// HDF5 1.10.8 allocates and clears whatever a damaged attribute or heap asks for, 68 GB for a
/// single string.
///
/// Use one at a time, while no other thread works. It has no effect under a sanitizer, or where the
/// system does not tell the size of the process. Cost: two system calls and a short read, 10 us.
class MemoryFence {
  public:
    explicit MemoryFence(std::uint64_t most_bytes);
    ~MemoryFence();
    MemoryFence(const MemoryFence&) = delete;
    MemoryFence& operator=(const MemoryFence&) = delete;

    /// Tells whether a fence bounds the process now. Without one a lack of memory is a limit of the
    /// user's. Signal handlers may call it.
    [[nodiscard]] static bool is_closed() noexcept;

  private:
    rlimit before_{};
    bool closed_ = false;
};

/// Calls work() behind a fence. `most_bytes` is what the size of the input file explains. Throws
/// Error(kInput) where work() runs out of memory, but std::bad_alloc where the process has a limit
/// of its own that is lower.
template <class Work>
void with_memory_fence(std::uint64_t most_bytes, const Work& work) {
    bool closed = false;
    try {
        const MemoryFence fence(most_bytes);
        closed = MemoryFence::is_closed();
        work();
    } catch (const std::bad_alloc&) {
        if (!closed) throw;
        throw Error(ErrorCode::kInput, "asks for more memory than " + std::to_string(most_bytes) +
                                           " bytes, the most that makes sense for its size; the "
                                           "file is damaged");
    }
}

}  // namespace pal
