// Meters for `run --profile`: time of helping threads, and time and bytes of reads, by stage. A
// measured stage has a meter. Parallel loops (stages/parallel/parallel.hpp) carry it to threads
// that help. Reads of weights (stages/weights/weights.cpp) add to it. Without a meter, each loop
// and read checks one thread-local pointer.
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

/// Work for one stage on one tensor, by all threads. Times add up over threads: two threads that
/// read for one second count two.
struct WorkMeter {
    std::atomic<std::uint64_t> helper_ns{0};   // threads other than the stage's own
    std::atomic<std::uint64_t> read_ns{0};     // inside reads of weights
    std::atomic<std::uint64_t> read_bytes{0};  // bytes of weights, counted at every read
};

namespace detail {

/// Meter of this thread, and reads that it has not added to the meter yet.
struct ThreadWork {
    WorkMeter* meter = nullptr;
    std::uint64_t read_ns = 0;
    std::uint64_t read_bytes = 0;
};
inline constinit thread_local ThreadWork thread_work;
inline constinit thread_local std::uint32_t small_reads = 0;

/// Bytes below which a read may take less time than reading the clock. One such read in
/// kSmallReadsPerClock is timed and stands for all.
inline constexpr std::size_t kSmallRead = 1 << 14;
inline constexpr std::uint32_t kSmallReadsPerClock = 16;

}  // namespace detail

/// Meter that this thread's work counts for, or null.
[[nodiscard]] inline WorkMeter* current_meter() noexcept { return detail::thread_work.meter; }

/// While this object lives, the thread's work counts for `meter`. null: nothing changes.
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

/// Like MeteredWork, for a thread that may have come to help: also adds its time to helper_ns.
/// Nothing changes if the thread works for this meter already.
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

/// Counts bytes of weights that were read outside of metered_read.
inline void count_read(std::uint64_t bytes) noexcept { detail::thread_work.read_bytes += bytes; }

/// Returns read(), which reads `bytes` bytes of weights, and counts them and the time.
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
