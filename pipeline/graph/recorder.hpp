// Records a run for --profile and --trace: one slice per stage and tensor, and per phase of the run
// outside the graph. A slice takes some 100 bytes of memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "stages/parallel/work_meter.hpp"

namespace pal {

/// Kind of work of a stage or phase, apart from reading weights. kWaiting: waits for other ranks of
/// the job.
enum class Activity { kComputing, kReading, kWriting, kWaiting };

/// Times in nanoseconds since the recorder was made. No two slices of a thread overlap.
struct Slice {
    std::string_view name;             // of the stage or the phase, static
    const PlanEntry* entry = nullptr;  // none: a phase
    Activity activity = Activity::kComputing;
    std::uint32_t thread = 0;  // 0: the one that made the recorder
    std::uint64_t ready = 0;   // when its input was there
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t helper_ns = 0;  // thread time of other threads that helped
    std::uint64_t read_ns = 0;    // part of the thread time inside reads of weights
    std::uint64_t bytes_in = 0;   // weights as often as they were read, LUTs, indices
    std::uint64_t bytes_out = 0;  // LUTs, indices

    /// Thread time: of its own thread and of those that helped.
    [[nodiscard]] std::uint64_t busy_ns() const noexcept { return end - start + helper_ns; }
    void add(const WorkMeter& meter) noexcept {
        helper_ns += meter.helper_ns;
        read_ns += meter.read_ns;
        bytes_in += meter.read_bytes;
    }
};

class Recorder {
  public:
    Recorder();
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    [[nodiscard]] Clock::time_point origin() const noexcept { return origin_; }
    [[nodiscard]] std::uint64_t time_of(Clock::time_point when) const noexcept {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(when - origin_).count());
    }

    /// Keeps a slice of the calling thread; fills in the thread. Thread-safe.
    void add(Slice slice);

    /// All slices by thread, then by start. Not while anything is recorded.
    [[nodiscard]] std::vector<Slice> slices() const;

  private:
    class Threads;
    Clock::time_point origin_ = Clock::now();
    std::unique_ptr<Threads> threads_;
};

/// The phases of a run, one after the other on one thread. Does nothing without a recorder.
class Phases {
  public:
    explicit Phases(Recorder* recorder) noexcept : recorder_(recorder) {}
    ~Phases() { leave(); }
    Phases(const Phases&) = delete;
    Phases& operator=(const Phases&) = delete;

    /// Leaves the phase before. `name` is static.
    void enter(std::string_view name, Activity activity);
    void leave();
    /// Adds bytes to the present phase.
    void count_bytes(std::uint64_t in, std::uint64_t out) noexcept;

  private:
    struct Present {
        Slice slice;
        WorkMeter meter;
        std::optional<MeteredWork> work;
    };
    Recorder* recorder_;
    std::optional<Present> present_;
};

}  // namespace pal
