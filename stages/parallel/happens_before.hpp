// Tells ThreadSanitizer what oneTBB guarantees: work before a task is spawned happens before the
// task, and the task's end happens before the wait for it returns. The distribution's oneTBB is not
// built with the sanitizer, which therefore cannot see this. Without the sanitizer it does nothing.
#pragma once

#if defined(__SANITIZE_THREAD__)
#include <atomic>
#endif

namespace pal {

class HappensBefore {
  public:
#if defined(__SANITIZE_THREAD__)
    /// Orders all work of this thread so far before the work of others after their acquire().
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
