// Progress of a running command.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace pal {

struct ProgressState {
    std::uint64_t tensors_done = 0;
    std::uint64_t tensors = 0;
    std::uint64_t bytes_done = 0;  // size of the dense weights
    std::uint64_t bytes = 0;
    std::uint64_t earlier_bytes = 0;  // part of bytes_done, from an earlier run
    double seconds = 0;               // since the start
    std::string current;              // path of the tensor that began last
};

/// "12 of 96 tensors, 1.20 GiB of 3.40 GiB, 2.31 GB/s, 1 s left: /layer/weight". The text has at
/// most `width` bytes; the path loses its front first.
[[nodiscard]] std::string progress_text(const ProgressState& state, std::size_t width);

/// Seconds until the end at the pace so far; negative as long as the pace is unknown.
[[nodiscard]] double seconds_left(const ProgressState& state);

/// Output of progress, and its interval. An interval of 0 shows nothing.
struct ProgressOutput {
    std::chrono::milliseconds interval{0};
    std::function<void(const ProgressState&)> show;
    std::function<void()> end = [] {};
};

/// Counts finished work. A thread of its own shows it at every interval, first after one interval.
/// Thread-safe.
class Progress {
  public:
    Progress(std::uint64_t tensors, std::uint64_t bytes, ProgressOutput output);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Adds tensors that an earlier run has done.
    void add_earlier(std::uint64_t tensors, std::uint64_t bytes);
    /// A tensor has begun.
    void begin(const std::string& path);
    /// Tensors have ended, whose weights take `bytes`.
    void end(std::uint64_t bytes, std::uint64_t tensors = 1);

  private:
    void show_until(const std::stop_token& stopped);
    [[nodiscard]] ProgressState state_now() const;  // with the lock held

    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    const ProgressOutput output_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    ProgressState state_;
    std::jthread shower_;  // last: it uses the others
};

}  // namespace pal
