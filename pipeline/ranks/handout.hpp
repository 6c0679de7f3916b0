// Which rank does what: pieces are handed out as ranks ask for them, the longest first.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "pipeline/shards/shards.hpp"

namespace pal {

/// Guided self-scheduling (Polychronopoulos and Kuck 1987) over pieces that fall in cost: a rank
/// gets a piece, and more of the list while they are short beside what is left for each rank.
/// Not thread-safe.
class Handout {
  public:
    /// As pieces_by_seconds() makes them: at most `ranks` slabs of one tensor.
    Handout(std::vector<Piece> pieces, std::size_t ranks);

    /// Done before: the rank has it.
    void mark_done(std::size_t rank, std::size_t piece);

    struct Answer {
        std::vector<std::size_t> pieces;
        bool is_last = false;  // there will be nothing more for this rank
    };
    /// No pieces and not the last: ask again when something is done. busy: the rank still has work.
    [[nodiscard]] Answer next(std::size_t rank, bool busy);

    /// Nothing more is handed out.
    void close() noexcept { closed_ = true; }

  private:
    [[nodiscard]] bool is_for(std::size_t rank, std::size_t piece) const;
    void give(std::size_t rank, std::size_t piece);

    std::vector<Piece> pieces_;
    std::size_t ranks_;
    std::vector<bool> given_;
    std::size_t first_left_ = 0;
    double seconds_left_ = 0;
    std::vector<std::set<std::size_t>> cut_entries_;  // by rank: those that it has a slab of
    bool closed_ = false;
};

}  // namespace pal
