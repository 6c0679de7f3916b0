// A bound for what the HDF5 library allocates by what a file says. Private to io/.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <new>
#include <string>

#include "stages/tensor/error.hpp"

namespace pal {

/// While it lives, the process gets no more than `most_bytes` of memory beyond what it has: the
/// library's calls then fail ("memory allocation failed"), and new throws std::bad_alloc. HDF5
/// 1.10.8 allocates and clears whatever a damaged attribute or heap asks for, 68 GB for a single
/// string. Only while no other thread works, and one at a time. Without effect where the system
/// does not tell the process' size, or under a sanitizer. Two system calls and a short read: 10 us.
class MemoryFence {
  public:
    explicit MemoryFence(std::uint64_t most_bytes);
    ~MemoryFence();
    MemoryFence(const MemoryFence&) = delete;
    MemoryFence& operator=(const MemoryFence&) = delete;

  private:
    rlimit before_{};
    bool closed_ = false;
};

/// Calls work() behind a fence of `most_bytes`, which the caller derives from the size of the file
/// at work. Throws Error(kInput) where new fails behind it.
template <class Work>
void with_memory_fence(std::uint64_t most_bytes, const Work& work) {
    try {
        const MemoryFence fence(most_bytes);
        work();
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::kInput, "asks for more memory than " + std::to_string(most_bytes) +
                                           " bytes, the most that makes sense for its size; the "
                                           "file is damaged");
    }
}

}  // namespace pal
