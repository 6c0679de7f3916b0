#include "pipeline/profile/common_clock.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Interval that contains an offset.
struct Interval {
    std::int64_t low = std::numeric_limits<std::int64_t>::min();
    std::int64_t high = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] bool is_empty() const noexcept { return low > high; }
    [[nodiscard]] std::int64_t middle() const noexcept { return low + (high - low) / 2; }
    /// Returns 0 if the interval contains it, or else the middle.
    [[nodiscard]] std::int64_t best() const noexcept {
        return low <= 0 && 0 <= high ? 0 : middle();
    }
    /// Largest distance of `offset` from the true offset.
    [[nodiscard]] std::uint64_t error_of(std::int64_t offset) const noexcept {
        return static_cast<std::uint64_t>(std::max({high - offset, offset - low, std::int64_t{0}}));
    }
};

Interval offset_of(const std::vector<Round>& own, const std::vector<Round>& of_rank_0) {
    PAL_ASSERT(!own.empty() && own.size() == of_rank_0.size());
    Interval offset;
    for (std::size_t r = 0; r < own.size(); ++r) {
        offset.low = std::max(offset.low, of_rank_0[r].entered - own[r].left);
        offset.high = std::min(offset.high, of_rank_0[r].left - own[r].entered);
    }
    return offset;
}

}  // namespace

ClockShift::ClockShift(const Rounds& own, const Rounds& of_rank_0)
    : start_(own.at_start.back().left), end_(own.at_end.front().entered) {
    const Interval first = offset_of(own.at_start, of_rank_0.at_start);
    const Interval last = offset_of(own.at_end, of_rank_0.at_end);
    const Interval both{std::max(first.low, last.low), std::min(first.high, last.high)};
    if (both.is_empty()) {
        at_start_ = first.middle();
        at_end_ = last.middle();
        error_ns_ = std::max(first.error_of(at_start_), last.error_of(at_end_));
    } else {
        at_start_ = at_end_ = both.best();
        error_ns_ = both.error_of(at_start_);
    }
}

std::int64_t ClockShift::operator()(std::int64_t when) const noexcept {
    if (at_start_ == at_end_ || when <= start_) return when + at_start_;
    if (when >= end_) return when + at_end_;
    const double part = static_cast<double>(when - start_) / static_cast<double>(end_ - start_);
    return when + at_start_ +
           static_cast<std::int64_t>(part * static_cast<double>(at_end_ - at_start_));
}

}  // namespace pal
