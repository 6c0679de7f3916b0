// Records a process that is alone, or one rank of a job whose recordings rank 0 gathers. All ranks
// agree on whether they record.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/profile.hpp"
#include "pipeline/profile/recording.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// Recorder of one rank. The functions from begin() to gather() are called by all ranks, in this
/// order; end() and the following ones only if they record.
class RankRecorder {
  public:
    RankRecorder(const Ranks& ranks, bool records)
        : ranks_(ranks), recorder_(records ? std::make_unique<Recorder>() : nullptr) {}

    /// Null without recording.
    [[nodiscard]] Recorder* recorder() const noexcept { return recorder_.get(); }
    [[nodiscard]] Phases& phases() noexcept { return phases_; }

    /// At the start of the job.
    void begin();
    /// When the shard of the rank is done.
    void end();
    /// Packs the recording and returns its head, which the rank then sends to all others. entries:
    /// [piece].
    [[nodiscard]] std::string packed(const std::vector<const PlanEntry*>& entries,
                                     std::size_t threads);
    /// Sends the packed recording to rank 0. heads: results of packed(), by rank.
    void gather(const std::vector<std::string>& heads,
                const std::vector<const PlanEntry*>& entries);

    /// The report's "profile", the same for people, and the trace, of all that is recorded until
    /// now; empty if nothing is. A process that is alone tells of itself. In a job rank 0 calls
    /// them after gather(), while the others wait for it; its trace ends with the last profile.
    /// start: of the run; threads: of this process.
    [[nodiscard]] std::string profile_json(Clock::time_point start, std::size_t threads);
    [[nodiscard]] std::string profile_table(Clock::time_point start, std::size_t threads);
    [[nodiscard]] std::string trace_json();

  private:
    [[nodiscard]] Profile own_profile(Clock::time_point start, std::size_t threads) const;
    [[nodiscard]] const JobRecording& job_until_now();
    [[nodiscard]] std::vector<Round> rounds();

    const Ranks& ranks_;
    std::unique_ptr<Recorder> recorder_;
    Phases phases_{recorder_.get()};
    Rounds rounds_;
    Ranks::Numbers packed_slices_;
    std::set<std::string, std::less<>> names_;  // slices of other ranks refer to these
    JobRecording job_;
};

}  // namespace pal
