// Admits tensors to the graph in their order while their estimated memory fits the budget. A tensor
// that is larger than the budget enters alone. One serial node uses the gate, so it needs no lock.
// The bytes in flight are atomic: who sees them at 0 sees all that happened before.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Returns the next entry to work on. Null: none, or none now; ask again when an entry is done.
using NextEntry = std::function<const PlanEntry*()>;

/// Gives one entry after the other. `entries` outlives it.
inline NextEntry in_order(const std::vector<const PlanEntry*>& entries, std::size_t first) {
    return [&entries, next = first]() mutable {
        return next < entries.size() ? entries[next++] : nullptr;
    };
}

class ByteGate {
  public:
    /// first: number of the first entry.
    ByteGate(NextEntry next_entry, std::uint64_t budget_bytes, std::size_t first)
        : next_entry_(std::move(next_entry)), budget_bytes_(budget_bytes), next_(first) {}
    /// first: position of the entry to begin with.
    ByteGate(const std::vector<const PlanEntry*>& entries, std::uint64_t budget_bytes,
             std::size_t first = 0)
        : ByteGate(in_order(entries, first), budget_bytes, first) {}

    /// Returns the next entry that may enter now, or null. Sets *sequence to its place in the
    /// order.
    const PlanEntry* admit(std::size_t* sequence) {
        if (closed_) return nullptr;
        if (waiting_ == nullptr) waiting_ = next_entry_();
        if (waiting_ == nullptr) return nullptr;
        const std::uint64_t bytes = waiting_->memory_bytes;
        const std::uint64_t in_flight = in_flight_bytes_;
        if (in_flight > 0 && bytes > budget_bytes_ - std::min(budget_bytes_, in_flight))
            return nullptr;
        in_flight_bytes_ += bytes;
        high_water_bytes_ = std::max(high_water_bytes_, in_flight + bytes);
        *sequence = next_++;
        return std::exchange(waiting_, nullptr);
    }

    void release(std::uint64_t bytes) { in_flight_bytes_ -= bytes; }

    /// Lets nothing more in.
    void close() { closed_ = true; }

    [[nodiscard]] std::uint64_t in_flight_bytes() const noexcept { return in_flight_bytes_; }
    /// Number of entries that entered, and `first`. Call it once nothing is in flight.
    [[nodiscard]] std::size_t admitted() const noexcept { return next_; }
    [[nodiscard]] std::uint64_t high_water_bytes() const noexcept { return high_water_bytes_; }

  private:
    NextEntry next_entry_;
    const PlanEntry* waiting_ = nullptr;  // waits for room
    std::uint64_t budget_bytes_;
    std::atomic<std::uint64_t> in_flight_bytes_{0};
    std::uint64_t high_water_bytes_ = 0;
    std::size_t next_;
    bool closed_ = false;
};

}  // namespace pal
