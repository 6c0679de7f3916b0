// How far a command is, while it runs.
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
    std::uint64_t bytes_done = 0;  // of dense weights
    std::uint64_t bytes = 0;
    std::uint64_t earlier_bytes = 0;  // of those done, what was done before the clock started
    double seconds = 0;
    std::string current;  // path of the tensor that was begun last
};

/// "12 of 96 tensors, 1.20 GiB of 3.40 GiB, 2.31 GB/s, 1 s left: /layer/weight", at most `width`
/// characters of it, the path cut at its front.
[[nodiscard]] std::string progress_text(const ProgressState& state, std::size_t width);

/// Seconds until all is done at the pace so far; negative where nothing is known of it yet.
[[nodiscard]] double seconds_left(const ProgressState& state);

/// Where progress is shown, and how often; an interval of 0: not at all.
struct ProgressOutput {
    std::chrono::milliseconds interval{0};
    std::function<void(const ProgressState&)> show;
    std::function<void()> end = [] {};
};

/// Counts what is done, and shows it from a thread of its own at an interval, never before the
/// first one is over. Thread-safe.
class Progress {
  public:
    Progress(std::uint64_t tensors, std::uint64_t bytes, ProgressOutput output);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Done by an earlier run.
    void add_earlier(std::uint64_t tensors, std::uint64_t bytes);
    void begin(const std::string& path);
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
