// A dynamic program over few cuts, then windows of candidates around each boundary, which are
// halved until they are single bins.
#include "stages/cluster/partition/good_partition.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include "stages/cluster/partition/cuts.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/prefix_sums.hpp"
#include "stages/cluster/partition/proven_partition.hpp"
#include "stages/cluster/partition/roughness.hpp"
#include "stages/kernels/partition_rows.hpp"
#include "stages/tensor/error.hpp"

namespace pal::cluster {

namespace {

using kernels::kRowBlock;

constexpr std::size_t kCutsACluster = 6;
constexpr std::size_t kFewestCuts = 128;
constexpr std::size_t kMostClumps = 1024;
// From so many clusters on, the search by price is faster than a row each, whatever the cuts.
constexpr std::size_t kManyClusters = 48;
constexpr double kProven = 1e-6;  // part of the cost; the bins may be few, and this partition final
// Candidates in a window, stage by stage. Each stage steps twice as finely as the one before. The
// first two stages span more than a cluster to either side, so that clusters can move from where
// there are too many to where there are too few. Each boundary then takes its neighbour's place,
// over any distance. With only the first stage, partitions of bumps ended up to 3e-3 above the
// optimum: its steps hide what such a move gains.
constexpr std::size_t kWidths[] = {64, 128, 32, 8};
constexpr double kSteps = 26;  // steps from a boundary to the next in the first stage
constexpr double kFiner = 2;
constexpr double kHalf = 0.5;
constexpr std::size_t kPreciseCutsACluster = 24;
constexpr std::size_t kFewestPreciseCuts = 512;
constexpr int kMostRecentrings = 64;
// Part of the cost that rounding may hide before costs of full precision are used. A worst case:
// roundings mostly even out.
constexpr double kDoubtOfBoundaries = 1e-5;
constexpr double kProvenRough = 2e-5;  // part of the cost
// Up to so many bins are solved exactly if windows are no help.
constexpr std::size_t kMostSolved = std::size_t{1} << 17;

/// A bin, and the interval of cuts that holds it.
struct Place {
    std::uint32_t bin;
    std::uint32_t interval;
};

class Solver {
  public:
    /// Returns boundaries, or nothing if rounding may have misled the search.
    std::vector<std::size_t> solve(std::span<const Bin> bins, std::size_t k) {
        bins_ = bins;
        clusters_ = k;
        prefix_.build(bins, kRowBlock);
        const double doubt = prefix_.doubt(k);
        if (!std::isfinite(doubt)) return {};  // sums do not even ascend
        choose_cuts(kCutsACluster, kFewestCuts);
        solve_cuts();
        if (is_windowed()) narrow();
        const double cost = prefix_.squares() - gain_of_places();
        if (!(doubt <= kDoubtOfBoundaries * (cost - doubt))) return {};
        std::vector<std::size_t> boundaries;
        boundaries.reserve(k + 1);
        for (const Place& place : places_) boundaries.push_back(place.bin);
        return boundaries;
    }

    /// Returns whether windows found the boundaries. Otherwise every bin was a candidate for every
    /// boundary.
    [[nodiscard]] bool is_windowed() const noexcept { return cuts_.size() <= bins_.size(); }

    /// Solves with costs of full precision, some hundred times slower.
    [[nodiscard]] std::vector<std::size_t> solve_precisely() {
        if (bins_.size() <= kMostSolved) return optimal_partition(bins_, clusters_);
        choose_cuts(kPreciseCutsACluster, kFewestPreciseCuts);
        if (cuts_.size() > bins_.size()) return optimal_partition(bins_, clusters_);
        return windowed_partition(bins_, {cuts_.begin(), cuts_.end()}, clusters_);
    }

  private:
    /// Chooses the cuts; few bins are all cuts.
    void choose_cuts(std::size_t a_cluster, std::size_t fewest) {
        const std::size_t intervals = std::max(a_cluster * clusters_, fewest);
        const bool few = bins_.size() <= std::max(intervals + intervals / 2, kFewBins);
        if (!few) {
            cut_placer_.place(bins_, prefix_, intervals, cuts_);
            // Boundaries lie between clumps, and windows move them over a few clumps at a time
            // only.
            (void)cut_placer_.place_at_clumps(clusters_, kMostClumps, cuts_);
        }
        if (few || cuts_.size() <= 2 * clusters_) every_cut();
    }

    void every_cut() {
        cuts_.resize(bins_.size() + 1);
        for (std::size_t c = 0; c < cuts_.size(); ++c) cuts_[c] = static_cast<std::uint32_t>(c);
    }

    /// Fills places_ with the best partition at cuts.
    void solve_cuts() {
        if (clusters_ < kManyClusters || !solve_cuts_by_price()) solve_cuts_by_rows();
    }

    /// Returns false if it proves no optimum. Bins between neighbouring cuts count as one point:
    /// their own spread is part of every partition's cost.
    bool solve_cuts_by_price() {
        joined_.resize(cuts_.size() - 1);
        for (std::size_t c = 0; c < joined_.size(); ++c) {
            const auto between = [&](std::span<const double> prefix) {
                return prefix[cuts_[c + 1]] - prefix[cuts_[c]];
            };
            const double weight = between(prefix_.weights());
            joined_[c] = {weight, between(prefix_.sums()) / weight, 0};
        }
        const auto boundaries = proven_partition(std::span<const Bin>(joined_),
                                                 PrefixCosts(joined_), clusters_, 0, kProven);
        if (!boundaries) return false;
        places_.clear();
        for (const std::size_t b : *boundaries)
            places_.push_back({cuts_[b], static_cast<std::uint32_t>(b)});
        return true;
    }

    void solve_cuts_by_rows() {
        const std::size_t last_cut = cuts_.size() - 1;
        const std::size_t stride = cuts_.size() + kRowBlock;
        sums_.assign(stride, 0.0);
        weights_.assign(stride, 0.0);
        for (std::size_t c = 0; c <= last_cut; ++c) {
            sums_[c] = prefix_.sums()[cuts_[c]];
            weights_[c] = prefix_.weights()[cuts_[c]];
        }
        gain_.resize(2 * stride);
        choice_.resize(clusters_ * stride);
        std::span<double> previous(gain_.data(), stride);
        std::span<double> next(gain_.data() + stride, stride);
        std::size_t last = last_cut - (clusters_ - 1);
        for (std::size_t j = 1; j <= last; ++j) {
            previous[j] = sums_[j] * sums_[j] / weights_[j];
            choice_[j] = 0;
        }
        for (std::size_t c = 2; c <= clusters_; ++c) {
            const std::span<std::uint32_t> all(choice_);
            const kernels::RowInput input{
                sums_, weights_, previous, all.subspan((c - 2) * stride, stride), c - 1, last};
            last = last_cut - (clusters_ - c);
            kernels::fill_row(input, c == clusters_ ? last : c, last, next,
                              all.subspan((c - 1) * stride, stride));
            std::swap(previous, next);
        }
        places_.resize(clusters_ + 1);
        std::size_t at = last_cut;
        for (std::size_t c = clusters_; c > 0; --c) {
            places_[c] = {cuts_[at], static_cast<std::uint32_t>(at)};
            at = choice_[(c - 1) * stride + at];
        }
        places_[0] = {0, 0};
    }

    /// Returns the part of the sum of squares that the partition explains.
    [[nodiscard]] double gain_of_places() const {
        double gain = 0;
        for (std::size_t c = 0; c < clusters_; ++c) {
            const std::uint32_t begin = places_[c].bin;
            const std::uint32_t end = places_[c + 1].bin;
            const double sum = prefix_.sums()[end] - prefix_.sums()[begin];
            gain += sum * sum / (prefix_.weights()[end] - prefix_.weights()[begin]);
        }
        return gain;
    }

    void narrow() {
        double steps = kSteps;
        finest_ = false;
        for (std::size_t stage = 0; !finest_; ++stage) {
            width_ = kWidths[std::min(stage, std::size(kWidths) - 1)];
            int round = 0;
            do {
                open_windows(steps);
                kernels::fill_windows({weights_, sums_, candidate_counts_, width_}, gain_, choice_);
            } while (move() && ++round < kMostRecentrings);
            steps *= kFiner;
        }
    }

    /// Returns the position of a place, counted in cuts.
    [[nodiscard]] double among_cuts(Place place) const {
        if (place.bin == bins_.size()) return static_cast<double>(cuts_.size() - 1);
        const double width = cuts_[place.interval + 1] - cuts_[place.interval];
        return place.interval + (place.bin - cuts_[place.interval]) / width;
    }

    /// Returns the bin nearest to a position in cuts. A neighbour's place, a whole number of steps
    /// away, is met exactly.
    [[nodiscard]] Place place_at(double among_cuts) const {
        const auto interval = static_cast<std::uint32_t>(among_cuts);
        const double width = cuts_[interval + 1] - cuts_[interval];
        const auto bin =
            cuts_[interval] + static_cast<std::uint32_t>(width * (among_cuts - interval) + kHalf);
        return {bin, bin == cuts_[interval + 1] ? interval + 1 : interval};
    }

    void open_windows(double steps) {
        finest_ = true;
        const std::size_t count = (clusters_ + 1) * width_;
        sums_.assign(count, 0.0);
        weights_.assign(count, 0.0);
        gain_.resize(2 * width_);
        choice_.resize(count);
        candidates_.resize(count);
        candidate_counts_.resize(clusters_ + 1);
        candidates_[0] = places_.front();
        candidates_[clusters_ * width_] = places_.back();
        candidate_counts_.front() = candidate_counts_.back() = 1;
        double below = 0;
        double own = among_cuts(places_[1]);
        for (std::size_t c = 1; c < clusters_; ++c) {
            Place* const window = candidates_.data() + c * width_;
            const double above = among_cuts(places_[c + 1]);
            const std::size_t lower = open_below(c, own, (own - below) / steps, window);
            candidate_counts_[c] = open_above(c, own, (above - own) / steps, lower, window);
            below = own;
            own = above;
            for (std::size_t w = 0; w < candidate_counts_[c]; ++w)
                set_candidate(c * width_ + w, window[w].bin);
        }
        set_candidate(clusters_ * width_, bins_.size());
    }

    void set_candidate(std::size_t number, std::size_t bin) {
        sums_[number] = prefix_.sums()[bin];
        weights_[number] = prefix_.weights()[bin];
    }

    /// Opens candidates below boundary c, which lies at `own`, ascending. Returns how many.
    std::uint32_t open_below(std::size_t c, double own, double step, Place* window) {
        const std::size_t half = width_ / 2;
        Place at = places_[c];
        std::uint32_t count = 0;
        for (; count < half && at.bin > 1; ++count) {
            own -= step;
            const Place stepped = own > 0 ? place_at(own) : Place{0, 0};
            finest_ = finest_ && stepped.bin + 1 >= at.bin;
            if (stepped.bin + 1 >= at.bin) {
                --at.bin;
                if (at.bin < cuts_[at.interval]) --at.interval;
            } else if (stepped.bin > 0) {
                at = stepped;
            } else {
                break;
            }
            window[half - 1 - count] = at;
        }
        if (count < half) std::copy(window + half - count, window + half, window);
        return count;
    }

    /// Opens boundary c and candidates above it. Returns how many there are in the window.
    std::uint32_t open_above(std::size_t c, double own, double step, std::size_t below,
                             Place* window) {
        const double last = static_cast<double>(cuts_.size() - 1);
        std::size_t count = below;
        Place at = places_[c];
        window[count++] = at;
        for (; count < below + width_ / 2 && at.bin + 1 < bins_.size(); window[count++] = at) {
            own += step;
            if (own >= last) break;
            const Place stepped = place_at(own);
            if (stepped.bin == bins_.size()) break;
            finest_ = finest_ && stepped.bin <= at.bin + 1;
            if (stepped.bin > at.bin + 1) {
                at = stepped;
            } else {
                ++at.bin;
                if (at.bin == cuts_[at.interval + 1]) ++at.interval;
            }
        }
        return static_cast<std::uint32_t>(count);
    }

    /// Moves boundaries to the best candidates. Returns whether one lies at the edge of its window.
    bool move() {
        bool at_edge = false;
        std::size_t at = 0;
        for (std::size_t c = clusters_; c > 1; --c) {
            at = choice_[c * width_ + at];
            const std::uint32_t last = candidate_counts_[c - 1] - 1;
            const Place& place = candidates_[(c - 1) * width_ + at];
            at_edge =
                at_edge ||
                (place.bin != places_[c - 1].bin &&
                 ((at == 0 && place.bin > 1) || (at == last && place.bin + 1 < bins_.size())));
            places_[c - 1] = place;
        }
        return at_edge;
    }

    std::span<const Bin> bins_;
    std::size_t clusters_ = 0;
    std::size_t width_ = 0;
    bool finest_ = false;  // candidates are neighbouring bins
    PrefixSums prefix_;
    CutPlacer cut_placer_;
    std::vector<std::uint32_t> cuts_;
    std::vector<Bin> joined_;  // bins between neighbouring cuts as one
    std::vector<double> sums_;
    std::vector<double> weights_;
    std::vector<double> gain_;
    std::vector<std::uint32_t> choice_;
    std::vector<Place> places_;
    std::vector<Place> candidates_;
    std::vector<std::uint32_t> candidate_counts_;
};

}  // namespace

std::vector<std::size_t> good_partition(std::span<const Bin> bins, std::size_t k) {
    PAL_ASSERT(k >= 1 && !bins.empty() && bins.size() < std::numeric_limits<std::uint32_t>::max());
    k = std::min(k, bins.size());
    thread_local Solver solver;  // its arrays are reused
    std::vector<std::size_t> boundaries = solver.solve(bins, k);
    if (boundaries.empty()) return solver.solve_precisely();
    if (!solver.is_windowed()) return boundaries;
    const Roughness roughness = roughness_of(bins, boundaries, kSteps);
    if (!roughness.is_rough) return boundaries;
    // The cost falls with the square of the number of clusters.
    const double price = 2 * roughness.cost / static_cast<double>(k);
    return proven_partition(bins, PrefixCosts(bins), k, price, kProvenRough)
        .value_or(std::move(boundaries));
}

}  // namespace pal::cluster
