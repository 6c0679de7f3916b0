// What a rank of a job records, and how rank 0 comes by all of it. Where nothing is to be recorded,
// nothing happens here; all ranks agree on that.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/recording.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

class RankRecorder {
  public:
    RankRecorder(const Ranks& ranks, bool records)
        : ranks_(ranks), recorder_(records ? std::make_unique<Recorder>() : nullptr) {}

    /// Null where nothing is recorded.
    [[nodiscard]] Recorder* recorder() const noexcept { return recorder_.get(); }
    [[nodiscard]] Phases& phases() noexcept { return phases_; }

    /// By all ranks, in this order: at the start of the job, and when they have done their shards.
    void begin();
    void end();
    /// Packs what it recorded, and returns what it has to say to all. entries: by the number of the
    /// piece.
    [[nodiscard]] std::string packed(const std::vector<const PlanEntry*>& entries,
                                     std::size_t threads);
    /// Sends it to rank 0. heads: what the ranks said.
    void gather(const std::vector<std::string>& heads,
                const std::vector<const PlanEntry*>& entries);

    /// On rank 0, after gather(): what it has recorded until now; the others wait for it meanwhile.
    [[nodiscard]] const JobRecording& job_until_now();

  private:
    [[nodiscard]] std::vector<Round> rounds();

    const Ranks& ranks_;
    std::unique_ptr<Recorder> recorder_;
    Phases phases_{recorder_.get()};
    Rounds rounds_;
    Ranks::Numbers packed_slices_;
    std::set<std::string, std::less<>> names_;  // that slices of other ranks refer to
    JobRecording job_;
};

}  // namespace pal
