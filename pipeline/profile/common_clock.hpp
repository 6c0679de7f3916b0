// Puts the times of all ranks of a job onto one clock. Each machine has a clock of its own; rounds
// in which all ranks take part show how far the clocks are apart.
#pragma once

#include <cstdint>
#include <vector>

namespace pal {

/// One round as a rank saw it, in nanoseconds of its own clock. No rank leaves a round before all
/// have entered it.
struct Round {
    std::int64_t entered = 0;
    std::int64_t left = 0;
};

/// Rounds at the start and at the end of a job: at least one each, and as many on every rank.
struct Rounds {
    std::vector<Round> at_start;
    std::vector<Round> at_end;
};

/// Converts times of a rank's clock to the clock of rank 0.
///
/// A rank leaves a round later than the other one entered it. So each round limits the offset
/// between their clocks to an interval, and the rounds together narrow it down.
///
/// If one offset suits start and end, it is used throughout: 0 if possible, since the ranks of one
/// machine share a clock, or else the middle of the interval. Otherwise the clocks run at different
/// speeds, and the offset moves linearly from that of the start to that of the end.
class ClockShift {
  public:
    ClockShift(const Rounds& own, const Rounds& of_rank_0);

    [[nodiscard]] std::int64_t operator()(std::int64_t when) const noexcept;
    /// Largest error of a time between the rounds, as long as the clocks keep their speeds.
    [[nodiscard]] std::uint64_t error_ns() const noexcept { return error_ns_; }

  private:
    std::int64_t at_start_ = 0;  // offset to add
    std::int64_t at_end_ = 0;
    std::int64_t start_ = 0;  // by the clock of the rank
    std::int64_t end_ = 0;
    std::uint64_t error_ns_ = 0;
};

}  // namespace pal
