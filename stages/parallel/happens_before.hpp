// Tells ThreadSanitizer what oneTBB guarantees: what is done before a task is spawned happens
// before the task, and a task's end before the wait for it returns. The distribution's oneTBB is
// not built with the sanitizer, which therefore cannot see it. Without the sanitizer this is
// nothing at all.
#pragma once

#if defined(__SANITIZE_THREAD__)
#include <atomic>
#endif

namespace pal {

class HappensBefore {
  public:
#if defined(__SANITIZE_THREAD__)
    /// What this thread did so far happens before what others do after their acquire().
    void release() noexcept { mark_.fetch_add(1, std::memory_order_release); }
    void acquire() const noexcept { static_cast<void>(mark_.load(std::memory_order_acquire)); }

  private:
    std::atomic<int> mark_{0};
#else
    void release() noexcept {}
    void acquire() const noexcept {}
#endif
};

}  // namespace pal
