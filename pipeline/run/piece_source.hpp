// Hands out pieces of work: rank 0 answers, each rank asks a few ahead, results come together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/console/progress.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/ranks/handout.hpp"
#include "pipeline/ranks/ranks.hpp"
#include "pipeline/run/team.hpp"

namespace pal {

/// Pieces of one rank. next() and done() may be called by different threads at the same time.
class PieceSource {
  public:
    /// recorder: records the time of waiting for answers, if not null.
    PieceSource(const Ranks& ranks, Recorder* recorder) : ranks_(ranks), recorder_(recorder) {}

    /// Returns the number of the next piece. Nothing: there are no more, or none until a piece is
    /// done. A rank has at most two bundles in work, so that other ranks can do the rest.
    std::optional<std::size_t> next();

    struct Done {
        std::size_t tensors = 1;
        std::uint64_t bytes = 0;  // size of their weights
        bool failed = false;
    };
    /// Reports a piece of next() as done or failed.
    void done(const Done& piece);

    /// Returns whether a piece has failed.
    [[nodiscard]] bool failed() const;
    /// Ends the work of this rank. If next() had more pieces to come, no rank gets any more.
    void leave();

  private:
    [[nodiscard]] Ranks::Numbers question(bool leaves);

    const Ranks& ranks_;
    Recorder* recorder_;
    mutable std::mutex mutex_;  // guards the members that done() changes
    std::size_t in_work_ = 0;
    bool failed_ = false;
    std::size_t done_tensors_ = 0;  // since the last question
    std::uint64_t done_bytes_ = 0;
    std::deque<std::size_t> ahead_;
    std::size_t last_bundle_ = 0;
    bool is_over_ = false;
};

/// Results of pieces: a number that all ranks share, and bytes.
using NumberedResults = std::vector<std::pair<std::size_t, std::string>>;

/// Hands pieces out to all ranks. `work` does what comes from its source, on every rank, and
/// returns results of this rank. Returns the results of all ranks, one after the other. Throws
/// JobFailed on all ranks if the work failed on one. phases: records waiting for the others; may be
/// null.
[[nodiscard]] NumberedResults hand_out(const Team& team, Handout& handout, Progress& progress,
                                       Recorder* recorder, Phases* phases,
                                       const std::function<NumberedResults(PieceSource&)>& work);

}  // namespace pal
