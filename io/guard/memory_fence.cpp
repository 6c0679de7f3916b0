#include "io/guard/memory_fence.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>

#include "io/guard/sanitized.hpp"

namespace pal {

namespace {

std::atomic<bool> fence_is_closed{false};

/// Returns the size of the process's address space; 0 where the system does not tell.
std::uint64_t used_bytes() {
    const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    std::array<char, 32> text{};
    const ssize_t count = ::read(file, text.data(), text.size() - 1);
    ::close(file);
    if (count <= 0) return 0;
    std::uint64_t pages = 0;
    std::from_chars(text.data(), text.data() + text.size(), pages);
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

MemoryFence::MemoryFence(std::uint64_t most_bytes) {
    const std::uint64_t used = kSanitized ? 0 : used_bytes();
    if (used == 0 || ::getrlimit(RLIMIT_AS, &before_) != 0) return;
    rlimit limit = before_;
    if (__builtin_add_overflow(used, most_bytes, &limit.rlim_cur)) return;
    if (limit.rlim_cur >= before_.rlim_cur) return;
    closed_ = ::setrlimit(RLIMIT_AS, &limit) == 0;
    fence_is_closed = closed_;
}

MemoryFence::~MemoryFence() {
    if (!closed_) return;
    ::setrlimit(RLIMIT_AS, &before_);
    fence_is_closed = false;
}

bool MemoryFence::is_closed() noexcept { return fence_is_closed; }

}  // namespace pal
