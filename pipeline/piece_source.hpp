// Where the graph of a rank gets its next piece from: asked of rank 0, a few ahead.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "pipeline/handout.hpp"
#include "pipeline/message.hpp"
#include "pipeline/progress.hpp"
#include "pipeline/ranks.hpp"
#include "pipeline/recorder.hpp"

namespace pal {

/// What rank 0 answers from; progress counts the pieces of the others too.
[[nodiscard]] Ranks::Serve serve_pieces(Handout& handout, Progress& progress);

/// next() and done() may be called at a time.
class PieceSource {
  public:
    /// entries: by the number of the piece; outlive it. recorder: null, or where the time that
    /// answers take is recorded.
    PieceSource(const Ranks& ranks, const std::vector<const PlanEntry*>& entries,
                Recorder* recorder)
        : ranks_(ranks), entries_(entries), recorder_(recorder) {}

    /// Null: nothing more, or nothing until something is done. A rank has two bundles in work at
    /// most: what it does not have others may do.
    const PlanEntry* next();
    void done(const PlanEntry& entry, const Outcome& outcome);

    /// Whether an entry has failed.
    [[nodiscard]] bool failed() const;
    /// The rank does nothing more: where it was not through, nor do the others.
    void leave();
    /// What next() gave, in order. After leave().
    [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }

  private:
    [[nodiscard]] Ranks::Numbers question(bool leaves);

    const Ranks& ranks_;
    const std::vector<const PlanEntry*>& entries_;
    Recorder* recorder_;
    mutable std::mutex mutex_;  // of what done() changes too
    std::size_t in_work_ = 0;
    bool failed_ = false;
    std::size_t done_pieces_ = 0;  // since the last question
    std::uint64_t done_bytes_ = 0;
    std::deque<std::size_t> ahead_;
    std::size_t last_bundle_ = 0;
    bool is_over_ = false;
    std::vector<std::size_t> order_;
};

}  // namespace pal
