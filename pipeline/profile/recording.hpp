// Recordings of the ranks of a job: packed for the way to rank 0, and put onto one clock there.
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

/// Recording of one rank. Times are nanoseconds of its own clock, those of slices since `start`.
struct OwnRecording {
    std::string host;  // name of the machine
    std::size_t threads = 1;
    std::int64_t start = 0;  // when its recorder was made
    Rounds rounds;
    std::vector<Slice> slices;
};

/// A recording in the form in which it is sent. All ranks number the pieces alike.
struct PackedRecording {
    std::string head;       // JSON of some hundred bytes
    Ranks::Numbers slices;  // a fixed count of numbers per slice
};

/// Packs a recording. entries: [piece].
[[nodiscard]] PackedRecording packed(const OwnRecording& recording,
                                     const std::vector<const PlanEntry*>& entries);
/// Unpacks a recording. Its slices point to `entries` and into `names`, which must outlive them.
[[nodiscard]] OwnRecording unpacked(const PackedRecording& recording,
                                    const std::vector<const PlanEntry*>& entries,
                                    std::set<std::string, std::less<>>& names);

/// Recording of one rank by the clock of the job: that of rank 0, from the start of the first
/// rank. In nanoseconds.
struct Recording {
    std::string host;
    std::size_t threads = 1;
    std::uint64_t start = 0;
    std::uint64_t clock_error_ns = 0;  // see ClockShift; 0 for rank 0
    std::vector<Slice> slices;         // sorted by thread, then by start
};

struct JobRecording {
    std::int64_t zero = 0;  // start of the job, by the clock of rank 0
    std::uint64_t end = 0;  // end of the recording, by the clock of the job
    std::vector<Recording> ranks;
};

/// Converts the times of all ranks to the clock of the job. `end` is left 0.
[[nodiscard]] JobRecording on_one_clock(std::vector<OwnRecording> ranks);

}  // namespace pal
