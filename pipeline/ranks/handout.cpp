#include "pipeline/ranks/handout.hpp"

#include <utility>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Most work that is handed out at once, as a part of what is left per rank.
constexpr double kBundleShare = 0.25;

}  // namespace

Handout::Handout(std::vector<Piece> pieces, std::size_t ranks)
    : pieces_(std::move(pieces)), ranks_(ranks), given_(pieces_.size()), cut_entries_(ranks) {
    for (const Piece& piece : pieces_) seconds_left_ += piece.seconds;
}

/// The shard of a rank has one place per tensor, so it takes at most one slab of it. There are at
/// most as many slabs as ranks, so each slab finds a rank.
bool Handout::is_for(std::size_t rank, std::size_t piece) const {
    if (given_[piece]) return false;
    return !pieces_[piece].slab || cut_entries_[rank].count(pieces_[piece].entry) == 0;
}

void Handout::give(std::size_t rank, std::size_t piece) {
    PAL_ASSERT(is_for(rank, piece));
    given_[piece] = true;
    seconds_left_ -= pieces_[piece].seconds;
    if (pieces_[piece].slab) cut_entries_[rank].insert(pieces_[piece].entry);
    while (first_left_ < pieces_.size() && given_[first_left_]) ++first_left_;
}

void Handout::mark_done(std::size_t rank, std::size_t piece) { give(rank, piece); }

Handout::Answer Handout::next(std::size_t rank, bool busy) {
    const double most = kBundleShare * seconds_left_ / static_cast<double>(ranks_);
    Answer answer;
    double seconds = 0;
    for (std::size_t p = first_left_; p < pieces_.size() && !closed_; ++p) {
        if (!is_for(rank, p)) continue;
        seconds += pieces_[p].seconds;
        const bool is_first = answer.pieces.empty();
        if (seconds > most && (busy || !is_first)) return answer;
        answer.pieces.push_back(p);
        give(rank, p);
    }
    answer.is_last = answer.pieces.empty();
    return answer;
}

}  // namespace pal
