// Whose work a thread is doing, and how much of it is reading: what `run --profile` tells apart
// inside a stage. A stage that is measured has a meter; parallel loops carry it to the threads that
// help (stages/parallel/parallel.hpp), and reads of weights are added to it where they happen
// (stages/weights/weights.cpp). Without a meter all of this is one look at a thread's own pointer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pal {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline std::uint64_t nanoseconds_since(Clock::time_point start) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

/// What was done for one stage on one tensor, by whatever threads. Times are times of threads: two
/// threads that read for a second have read for two.
struct WorkMeter {
    std::atomic<std::uint64_t> helper_ns{0};   // of threads other than the stage's own
    std::atomic<std::uint64_t> read_ns{0};     // inside reads of weights
    std::atomic<std::uint64_t> read_bytes{0};  // weights read, each time that they were
};

namespace detail {

/// What this thread works on, and what it has not added to the meter yet.
struct ThreadWork {
    WorkMeter* meter = nullptr;
    std::uint64_t read_ns = 0;
    std::uint64_t read_bytes = 0;
};
inline constinit thread_local ThreadWork thread_work;
inline constinit thread_local std::uint32_t small_reads = 0;

/// Reads below this many bytes take less time than the clock that would measure them may cost; one
/// in kSmallReadsPerClock is measured and stands for all.
inline constexpr std::size_t kSmallRead = 1 << 14;
inline constexpr std::uint32_t kSmallReadsPerClock = 16;

}  // namespace detail

/// The meter that this thread's work counts for, or null.
[[nodiscard]] inline WorkMeter* current_meter() noexcept { return detail::thread_work.meter; }

/// While it lives, this thread's work counts for `meter`; null: nothing changes.
class MeteredWork {
  public:
    explicit MeteredWork(WorkMeter* meter) noexcept : meter_(meter) {
        if (meter_ != nullptr)
            before_ = std::exchange(detail::thread_work, detail::ThreadWork{meter_, 0, 0});
    }
    ~MeteredWork() {
        if (meter_ == nullptr) return;
        const detail::ThreadWork& work = detail::thread_work;
        meter_->read_ns.fetch_add(work.read_ns, std::memory_order_relaxed);
        meter_->read_bytes.fetch_add(work.read_bytes, std::memory_order_relaxed);
        detail::thread_work = before_;
    }
    MeteredWork(const MeteredWork&) = delete;
    MeteredWork& operator=(const MeteredWork&) = delete;

  private:
    WorkMeter* meter_;
    detail::ThreadWork before_;
};

/// The same for a thread that may have come to help, with its time; nothing changes where it works
/// for this meter already.
class MeteredHelp {
  public:
    explicit MeteredHelp(WorkMeter* meter) noexcept
        : meter_(meter == current_meter() ? nullptr : meter), work_(meter_) {
        if (meter_ != nullptr) start_ = Clock::now();
    }
    ~MeteredHelp() {
        if (meter_ != nullptr)
            meter_->helper_ns.fetch_add(nanoseconds_since(start_), std::memory_order_relaxed);
    }
    MeteredHelp(const MeteredHelp&) = delete;
    MeteredHelp& operator=(const MeteredHelp&) = delete;

  private:
    WorkMeter* meter_;
    MeteredWork work_;
    Clock::time_point start_;
};

/// Counts bytes of weights that were read outside metered_read.
inline void count_read(std::uint64_t bytes) noexcept { detail::thread_work.read_bytes += bytes; }

/// read(), which reads `bytes` bytes of weights.
template <class Read>
decltype(auto) metered_read(std::size_t bytes, const Read& read) {
    detail::ThreadWork& work = detail::thread_work;
    if (work.meter == nullptr) return read();
    work.read_bytes += bytes;
    const bool small = bytes < detail::kSmallRead;
    if (small && detail::small_reads++ % detail::kSmallReadsPerClock != 0) return read();
    const auto start = Clock::now();
    decltype(auto) result = read();
    work.read_ns += nanoseconds_since(start) * (small ? detail::kSmallReadsPerClock : 1);
    return result;
}

}  // namespace pal
