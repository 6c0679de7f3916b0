// Where a rank gets the number of its next piece of work from: asked of rank 0, a few ahead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "pipeline/console/progress.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/ranks/handout.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// What rank 0 answers from; progress counts what the others do too.
[[nodiscard]] Ranks::Serve serve_pieces(Handout& handout, Progress& progress);

/// next() and done() may be called at a time.
class PieceSource {
  public:
    /// recorder: null, or where the time that answers take is recorded.
    PieceSource(const Ranks& ranks, Recorder* recorder) : ranks_(ranks), recorder_(recorder) {}

    /// Nothing more, or nothing until something is done. A rank has two bundles in work at most:
    /// what it does not have others may do.
    std::optional<std::size_t> next();

    struct Done {
        std::size_t tensors = 1;
        std::uint64_t bytes = 0;  // of their weights
        bool failed = false;
    };
    /// A piece that next() gave.
    void done(const Done& piece);

    /// Whether a piece has failed.
    [[nodiscard]] bool failed() const;
    /// The rank does nothing more: where it was not through, nor do the others.
    void leave();
    /// What next() gave, in order. After leave().
    [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }

  private:
    [[nodiscard]] Ranks::Numbers question(bool leaves);

    const Ranks& ranks_;
    Recorder* recorder_;
    mutable std::mutex mutex_;  // of what done() changes too
    std::size_t in_work_ = 0;
    bool failed_ = false;
    std::size_t done_tensors_ = 0;  // since the last question
    std::uint64_t done_bytes_ = 0;
    std::deque<std::size_t> ahead_;
    std::size_t last_bundle_ = 0;
    bool is_over_ = false;
    std::vector<std::size_t> order_;
};

}  // namespace pal
