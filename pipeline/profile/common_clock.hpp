// One clock for the ranks of a job, whose machines have one each: what rounds that all take part in
// say of how far these are apart.
#pragma once

#include <cstdint>
#include <vector>

namespace pal {

/// A round of a rank, in nanoseconds of its own clock. No rank leaves before each has entered.
struct Round {
    std::int64_t entered = 0;
    std::int64_t left = 0;
};

/// At the start of a job and at its end, as many on every rank; one or more each.
struct Rounds {
    std::vector<Round> at_start;
    std::vector<Round> at_end;
};

/// Takes times of a rank's clock to that of rank 0.
///
/// Each round says that either clock, when the rank left, was past the time at which the other one
/// entered: the offset between them lies in an interval, and the rounds narrow it down. One offset
/// is used where it suits start and end: none where that may be, as clocks of one machine are one,
/// else the middle. Where none suits both, the clocks run at different speeds; the offset then goes
/// evenly from that of the start to that of the end.
class ClockShift {
  public:
    ClockShift(const Rounds& own, const Rounds& of_rank_0);

    [[nodiscard]] std::int64_t operator()(std::int64_t when) const noexcept;
    /// Between the rounds no time is further off than this, while a clock keeps its speed.
    [[nodiscard]] std::uint64_t error_ns() const noexcept { return error_ns_; }

  private:
    std::int64_t at_start_ = 0;  // to be added
    std::int64_t at_end_ = 0;
    std::int64_t start_ = 0;  // of the rank's clock
    std::int64_t end_ = 0;
    std::uint64_t error_ns_ = 0;
};

}  // namespace pal
