// Hands out pieces of work to ranks as they ask, the longest first.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "pipeline/shards/shards.hpp"

namespace pal {

/// Guided self-scheduling (Polychronopoulos and Kuck 1987) over pieces of falling cost. A rank gets
/// one piece, and more while these are short against the work that is left per rank.
/// Not thread-safe.
class Handout {
  public:
    /// pieces: the result of pieces_by_seconds(), with at most `ranks` slabs per tensor.
    Handout(std::vector<Piece> pieces, std::size_t ranks);

    /// Marks a piece that an earlier run of this rank has done.
    void mark_done(std::size_t rank, std::size_t piece);

    /// An answer without pieces that is not the last: ask again when a piece is done.
    struct Answer {
        std::vector<std::size_t> pieces;  // indices into the pieces of the handout
        bool is_last = false;             // nothing more will come for this rank
    };
    /// Returns the next pieces for a rank. busy: the rank still has work.
    [[nodiscard]] Answer next(std::size_t rank, bool busy);

    /// Hands out nothing from now on.
    void close() noexcept { closed_ = true; }

  private:
    [[nodiscard]] bool is_for(std::size_t rank, std::size_t piece) const;
    void give(std::size_t rank, std::size_t piece);

    std::vector<Piece> pieces_;
    std::size_t ranks_;
    std::vector<bool> given_;
    std::size_t first_left_ = 0;
    double seconds_left_ = 0;
    std::vector<std::set<std::size_t>> cut_entries_;  // [rank] entries that it has a slab of
    bool closed_ = false;
};

}  // namespace pal
