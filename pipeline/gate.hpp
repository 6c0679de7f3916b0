// Admission in bytes: tensors enter the graph in plan order while their estimated memory fits the
// budget; one that is larger than the budget enters alone. Used by one serial node, so it needs no
// lock; the bytes in flight are atomic, so that whoever sees them at 0 sees all that happened
// before.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/plan.hpp"

namespace pal {

class ByteGate {
  public:
    /// first: the entry to begin with.
    ByteGate(const std::vector<const PlanEntry*>& entries, std::uint64_t budget_bytes,
             std::size_t first = 0)
        : entries_(entries), budget_bytes_(budget_bytes), next_(first) {}

    /// The next entry that may enter now, or null. *sequence is its place in the plan.
    const PlanEntry* admit(std::size_t* sequence) {
        if (closed_ || next_ == entries_.size()) return nullptr;
        const std::uint64_t bytes = entries_[next_]->memory_bytes;
        const std::uint64_t in_flight = in_flight_bytes_;
        if (in_flight > 0 && bytes > budget_bytes_ - std::min(budget_bytes_, in_flight))
            return nullptr;
        in_flight_bytes_ += bytes;
        high_water_bytes_ = std::max(high_water_bytes_, in_flight + bytes);
        *sequence = next_;
        return entries_[next_++];
    }

    void release(std::uint64_t bytes) { in_flight_bytes_ -= bytes; }

    /// Lets nothing more in.
    void close() { closed_ = true; }

    [[nodiscard]] std::uint64_t in_flight_bytes() const noexcept { return in_flight_bytes_; }
    /// To be asked once nothing is in flight.
    [[nodiscard]] std::size_t admitted() const noexcept { return next_; }
    [[nodiscard]] std::uint64_t high_water_bytes() const noexcept { return high_water_bytes_; }

  private:
    const std::vector<const PlanEntry*>& entries_;
    std::uint64_t budget_bytes_;
    std::atomic<std::uint64_t> in_flight_bytes_{0};
    std::uint64_t high_water_bytes_ = 0;
    std::size_t next_;
    bool closed_ = false;
};

}  // namespace pal
