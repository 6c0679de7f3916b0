// What each rank of a job recorded, on its way to rank 0 and onto one clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/common_clock.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// By the clock of the rank, in nanoseconds.
struct OwnRecording {
    std::string host;  // its machine
    std::size_t threads = 1;
    std::int64_t start = 0;  // when its recorder was made
    Rounds rounds;
    std::vector<Slice> slices;
};

/// The same as it is sent. Pieces are numbers that all ranks share.
struct PackedRecording {
    std::string head;  // JSON, some hundred bytes
    Ranks::Numbers slices;
};

/// entries: by the number of the piece.
[[nodiscard]] PackedRecording packed(const OwnRecording& recording,
                                     const std::vector<const PlanEntry*>& entries);
/// Slices refer to the entries and to `names`, which outlive them.
[[nodiscard]] OwnRecording unpacked(const PackedRecording& recording,
                                    const std::vector<const PlanEntry*>& entries,
                                    std::set<std::string, std::less<>>& names);

/// By the clock of the job, which is that of rank 0 but for its zero: when the first rank began.
struct Recording {
    std::string host;
    std::size_t threads = 1;
    std::uint64_t start = 0;
    std::uint64_t clock_error_ns = 0;  // see ClockShift; 0 of rank 0
    std::vector<Slice> slices;         // by thread, then by start
};

struct JobRecording {
    std::int64_t zero = 0;  // by the clock of rank 0
    std::uint64_t end = 0;  // until when it is recorded
    std::vector<Recording> ranks;
};

[[nodiscard]] JobRecording on_one_clock(std::vector<OwnRecording> ranks);

}  // namespace pal
